// PermissionDamage.swift: looks through all groups, roles and policies for what does not fit its seal.
import LatchkeyStore

extension State {
    /// One sentence for each user, group, role and policy that was changed from outside; none when all are whole.
    borrowing func permissionDamage() throws(Fault) -> [String] {
        var found: [String] = []
        for (account, name) in try allNames() where !name.isRoot {
            // What is wrong with the user's own row is told by whoever looks through the users.
            guard let user = try findSoundPrincipal(name, in: account) else { continue }
            if let damage = damage(of: PolicyHolder(user)) { found.append(damage) }
        }
        let accounts: [(String)] = try rows("SELECT id FROM accounts ORDER BY id")
        for account in accounts.map({ AccountID(checked: $0) }) {
            for group in try groups(of: account) {
                if let damage = damage(of: PolicyHolder(group, in: account)) { found.append(damage) }
            }
            found += try roleDamage(in: account)
            do throws(Fault) { _ = try oidcProviders(in: account) } catch { found.append(error.message) }
            do throws(Fault) {
                for anchor in try trustAnchors(in: account) { _ = try revocationLists(of: anchor) }
            } catch {
                found.append(error.message)
            }
            let arns: [(String)] = try rows("SELECT arn FROM policies WHERE account = $1 ORDER BY arn", account.text)
            for arn in arns {
                if let damage = damage(of: ARN(checked: arn), in: account) { found.append(damage) }
            }
        }
        return found
    }

    private borrowing func roleDamage(in account: AccountID) throws(Fault) -> [String] {
        var found: [String] = []
        let names: [(String)] = try rows("SELECT name FROM roles WHERE account = $1 ORDER BY folded", account.text)
        for name in names {
            do throws(Fault) {
                if let damage = damage(of: try holder(RoleName(checked: name), in: account)) { found.append(damage) }
            } catch {
                found.append(error.message)
            }
        }
        do throws(Fault) {
            for profile in try instanceProfiles(of: account) { _ = try shown(profile) }
        } catch {
            found.append(error.message)
        }
        return found
    }

    private borrowing func damage(of holder: PolicyHolder) -> String? {
        do throws(Fault) {
            for policy in try permissions(of: holder).inline {
                _ = try inlineText(policy.name, of: holder.id, policy.document)
            }
            return nil
        } catch {
            return error.message
        }
    }

    private borrowing func damage(of arn: ARN, in account: AccountID) -> String? {
        do throws(Fault) {
            let policy = try policy(arn, in: account)
            let versions = try versions(of: policy)
            for version in versions { _ = try policyText(policy.id, version.number, version.document) }
            let isWhole = versions.contains { $0.number == policy.version && $0.document == policy.document }
            return isWhole ? nil : Fault.damaged("the default version of the policy \(arn)").message
        } catch {
            return error.message
        }
    }
}
