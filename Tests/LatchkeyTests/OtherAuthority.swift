// OtherAuthority.swift: what a second process over the same store would say, and what a thief of the database could write.
import LatchkeyOTP

@testable import Latchkey

extension Authority {
    /// The fault that the action ends in, or `nil`.
    func fault<A: Action>(
        _ action: A,
        as caller: Caller = .anonymous,
        in account: AccountID = TestAuthority.accountID
    ) async -> Fault? {
        do throws(Fault) {
            _ = try await perform(action, call(by: caller, for: account, from: "192.0.2.2"))
            return nil
        } catch {
            return error
        }
    }

    /// The fault that a sign-in ends in, or `nil`.
    func signInFault(
        _ user: UserName,
        _ password: SecretText = TestAuthority.password,
        code: SecretText? = nil,
        recovery: SecretText? = nil
    ) async -> Fault? {
        await fault(SignIn(userName: user, password: password, code: code, recoveryCode: recovery))
    }
}

extension TestAuthority {
    /// The usual refusal at the door.
    static let refusal = Fault.signInRefused("")

    /// A user with a password, a phone and recovery codes; the codes of the present step are spent.
    func makeWholeUser(_ name: String) async throws -> (name: UserName, phone: Phone, recovery: [SecretText]) {
        let user = try await makeUser(name)
        let phone = try await enroll(user)
        let codes = try await perform(RenewRecoveryCodes(userName: user, count: 3)).recoveryCodes
        return (user, phone, codes)
    }

    /// The fault that a sign-in with a recovery code ends in, or `nil`.
    func recoveryFault(_ user: UserName, _ code: SecretText) async throws -> Fault? {
        try await fault(
            SignIn(userName: user, password: Self.password, recoveryCode: code),
            as: .anonymous
        )
    }
}
