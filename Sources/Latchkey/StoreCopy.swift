// StoreCopy.swift: a store moved to another database, whole and verified.
import LatchkeyCrypto
public import LatchkeyStore

/// What was copied.
public struct StoreCopyReport: Codable, Sendable, Equatable {
    /// Each table and its rows; every value was read back and compared.
    public var tables: [CopiedTable]
    /// The verified entries of the copy's audit trail.
    public var auditEntries: Int64
    /// The last link of the copy's audit trail in hexadecimal.
    public var auditHead: String
}

extension Authority {
    /// Copies the store at `origin` to `destination`, where there must be none.
    ///
    /// Nothing can change the origin meanwhile. The copy is there as a whole or not at all: before it is committed, every
    /// value is compared with the origin's, and its audit trail is followed from the first entry to the head.
    ///
    /// Whoever goes on with the origin afterwards must not go on with the copy: a code that is used in the one could be used
    /// in the other again.
    public static func copy(
        from origin: String,
        to destination: String,
        masterKey: MasterKeySource,
        settings: Settings
    ) async throws(Fault) -> StoreCopyReport {
        do {
            // A look first: with a wrong master key nothing is made.
            _ = try await Database.peek(at: origin) { transaction in try Vault.open(transaction, source: masterKey) }
            let box = VerdictBox()
            let tables = try await Database.copy(from: origin, to: destination, migrations: migrations) { transaction in
                let vault = try Vault.open(transaction, source: masterKey)
                let state = State(
                    transaction,
                    vault: vault,
                    settings: settings,
                    compiled: CompiledPolicies()
                )
                let verdict = try state.auditVerdict()
                if let damage = verdict.damage { throw Fault.damagedTrail(damage) }
                box.verdict = verdict
            }
            return StoreCopyReport(
                tables: tables,
                auditEntries: box.verdict.entries,
                auditHead: box.verdict.head
            )
        } catch {
            throw Fault(any: error)
        }
    }

    private final class VerdictBox: @unchecked Sendable {
        // Written and read one after the other, never at once: the store's thread has answered before it is read.
        var verdict = AuditVerdict(entries: 0, damage: nil, head: "")
    }
}

extension Fault {
    fileprivate static func damagedTrail(_ damage: String) -> Fault {
        Fault(
            code: "StoreDamaged",
            status: 500,
            message: "the audit trail is damaged (\(damage)): run `latchkey store check` on the store to be copied",
            reason: "seal"
        )
    }
}
