// Authority.swift: the authority itself: it opens the store, authorises each call, runs it, and records what came of it.
import LatchkeyFederation
import LatchkeyStore

/// The identity authority over one store.
///
/// `perform` is the one way in: it authorises a call, lets the action gather what is slow, authorises again, and runs the
/// action, its audit entry and its answer in one transaction.
public final class Authority: Sendable {
    /// Time, chance and hashing threads.
    public let world: World
    let settings: Settings
    let database: Database
    let vault: Vault
    let compiled = CompiledPolicies()
    let verifier: OIDCVerifier

    init(database: Database, vault: Vault, world: World, settings: Settings) {
        self.database = database
        self.vault = vault
        self.world = world
        self.settings = settings
        verifier = OIDCVerifier(
            ProviderKeys(
                reach: settings.providerReach,
                networks: settings.providerNetworks,
                caFile: settings.providerCAFile
            )
        )
    }

    /// Where tasks that call often run best: what they read they read in place.
    public var executor: any TaskExecutor { database.executor }

    /// A call by `caller` now, with a fresh identifier.
    public func call(by caller: Caller, for account: AccountID, from peer: String) -> Call {
        Call(caller: caller, account: account, id: world.requestID(), now: world.now(), peer: peer)
    }

    /// Performs one action: the answer, or the fault that the caller is to see.
    public func perform<A: Action>(_ action: A, _ call: Call) async throws(Fault) -> A.Output {
        let evidence = await gather(action, call)
        if let fault = evidence.fault, fault.isInternal { throw fault }
        let result: Result<A.Output, Fault>
        if A.isReadOnly {
            result = try await read { state throws(Fault) in self.run(action, call, state, evidence) }
            if let fault = result.fault, !fault.isInternal {
                try await write { state throws(Fault) in try state.record(A.name, call, fault) }
            }
        } else {
            result = try await write { state throws(Fault) in
                let result = self.run(action, call, state, evidence)
                // A failure of the store or the machine takes everything back; there is nothing true to record.
                if let fault = result.fault, fault.isInternal { throw fault }
                try state.record(A.name, call, result.fault)
                return result
            }
        }
        return try result.get()
    }

    /// Does the action's slow part, with no transaction open; nothing slow is done for those who may not.
    private func gather<A: Action>(_ action: A, _ call: Call) async -> Result<A.Evidence, Fault> {
        do throws(Fault) {
            if A.access != .open && A.Evidence.self != Void.self {
                try await read { state throws(Fault) in try state.authorize(action, call) }
            }
            return .success(try await action.gather(call, self))
        } catch {
            return .failure(error)
        }
    }

    /// Authorises and runs the action; a refusal leaves nothing behind but what the action keeps on purpose.
    private func run<A: Action>(
        _ action: A,
        _ call: Call,
        _ state: borrowing State,
        _ evidence: Result<A.Evidence, Fault>
    ) -> Result<A.Output, Fault> {
        do throws(Fault) {
            try state.authorize(action, call)
            let evidence = try evidence.get()
            if A.keepsRefusal || A.isReadOnly { return .success(try action.perform(call, state, evidence)) }
            return .success(
                try state.savepoint { state throws(Fault) in try action.perform(call, state, evidence) }
            )
        } catch {
            return .failure(error)
        }
    }

    /// Runs `body` in a transaction that changes nothing.
    func read<Answer: Sendable>(
        _ body: @escaping @Sendable (borrowing State) throws(Fault) -> Answer
    ) async throws(Fault) -> Answer {
        do {
            return try await database.read { [vault, settings, compiled] transaction in
                let state = State(transaction, vault: vault, settings: settings, compiled: compiled)
                return try body(state)
            }
        } catch {
            throw Fault(any: error)
        }
    }

    /// Runs `body` in a transaction that is durable when this returns, and undone when it throws.
    func write<Answer: Sendable>(
        _ body: @escaping @Sendable (borrowing State) throws(Fault) -> Answer
    ) async throws(Fault) -> Answer {
        do {
            return try await database.write { [vault, settings, compiled] transaction in
                let state = State(transaction, vault: vault, settings: settings, compiled: compiled)
                return try body(state)
            }
        } catch {
            throw Fault(any: error)
        }
    }
}

extension Result where Failure == Fault {
    var fault: Fault? {
        if case .failure(let fault) = self { return fault }
        return nil
    }
}
