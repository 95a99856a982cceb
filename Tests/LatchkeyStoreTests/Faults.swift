// Faults.swift: a driver that fails when a test wants it to.

import Synchronization

@testable import LatchkeyStore

/// Which failures are to come.
final class Faults: Sendable {
    /// Where a failure can be planned.
    enum Place { case begin, commit }

    private struct Plan {
        var place: Place
        var after: Int
        var error: StoreError
    }

    private let plan = Mutex<Plan?>(nil)
    private let loss = Mutex<StoreError?>(nil)
    private let script = Mutex<StaticString?>(nil)

    /// Plans a failure at the next time but `after` that a writing connection is at `place`.
    func fail(_ place: Place, after: Int, with error: StoreError) {
        plan.withLock { $0 = Plan(place: place, after: after, error: error) }
    }

    /// Makes the database give up the transaction now, as it does on some errors.
    func giveUpTransaction(_ error: StoreError) { loss.withLock { $0 = error } }

    /// Runs a script on the writing connection before its next transaction.
    func runBeforeNext(_ script: StaticString) { self.script.withLock { $0 = script } }

    fileprivate func prepare(_ connection: any Connection) throws(StoreError) {
        let script = self.script.withLock { script in
            defer { script = nil }
            return script
        }
        if let script { try connection.run(script: script) }
    }

    fileprivate func pass(_ place: Place) throws(StoreError) {
        let error = plan.withLock { plan -> StoreError? in
            guard plan?.place == place else { return nil }
            if let after = plan?.after, after > 0 {
                plan?.after = after - 1
                return nil
            }
            defer { plan = nil }
            return plan?.error
        }
        if let error { throw error }
    }

    fileprivate func takeLoss() -> StoreError? {
        loss.withLock { loss in
            defer { loss = nil }
            return loss
        }
    }
}

/// Runs `body` with a store whose writing connection fails as planned.
func withFaultyStore(_ body: (Database, Faults) async throws -> Void) async throws {
    try await withPlace { location, _ in
        let faults = Faults()
        let driver = FaultyDriver(real: try Database.driver(for: location, create: true), faults: faults)
        let store = try await Database.open(driver, migrations: schema)
        try await body(store, faults)
        await store.close()
    }
}

struct FaultyDriver: Driver {
    let real: any Driver
    let faults: Faults
    var idleSeconds: Int { real.idleSeconds }
    var patience: Int { real.patience }
    var readerLimit: Int { real.readerLimit }

    func open(_ schema: Schema, examine: (any Connection) throws -> Void) throws -> any Connection {
        FaultyConnection(try real.open(schema, examine: examine), faults)
    }

    func connect(_ access: Access) throws(StoreError) -> any Connection {
        let connection = try real.connect(access)
        return access == .write ? FaultyConnection(connection, faults) : connection
    }

    func look(_ body: (any Connection) throws -> Void) throws { try real.look(body) }
    func check() throws(StoreError) -> [String] { try real.check() }
    func backUp(to path: String, _ schema: Schema) throws(StoreError) { try real.backUp(to: path, schema) }
    func restore(from path: String, _ schema: Schema, _ body: (any Connection) throws -> Void) throws {
        try real.restore(from: path, schema, body)
    }
    func tidy(_ connection: any Connection, _ moment: Leisure) -> Bool {
        real.tidy((connection as? FaultyConnection)?.real ?? connection, moment)
    }
}

private final class FaultyConnection: Connection {
    let real: any Connection
    let faults: Faults
    var loss: StoreError?

    init(_ real: any Connection, _ faults: Faults) { (self.real, self.faults) = (real, faults) }

    func begin(_ access: Access) throws(StoreError) {
        loss = nil
        try faults.prepare(real)
        try faults.pass(.begin)
        try real.begin(access)
    }
    func commit() throws(StoreError) {
        do throws(StoreError) { try faults.pass(.commit) } catch {
            real.rollBack()
            throw error
        }
        try real.commit()
    }
    func rollBack() { real.rollBack() }
    func requireTransaction() throws(StoreError) {
        if loss == nil, let given = faults.takeLoss() {
            real.rollBack()
            loss = given
        }
        if let loss { throw loss }
        try real.requireTransaction()
    }
    func setSavepoint() throws(StoreError) { try real.setSavepoint() }
    func releaseSavepoint() throws(StoreError) { try real.releaseSavepoint() }
    func undoSavepoint() { real.undoSavepoint() }
    func settleConstraints() throws(StoreError) { try real.settleConstraints() }
    func hasTable(_ name: StaticString) throws(StoreError) -> Bool { try real.hasTable(name) }
    func run(script: StaticString) throws(StoreError) { try real.run(script: script) }
    func statement(_ sql: StaticString) throws(StoreError) -> any Statement { try real.statement(sql) }
    func statement(text: String) throws(StoreError) -> any Statement { try real.statement(text: text) }
    func scan(_ sql: String) throws(StoreError) -> any Statement { try real.scan(sql) }
    func tableNames() throws(StoreError) -> [String] { try real.tableNames() }
    func allowLongWork() throws(StoreError) { try real.allowLongWork() }
    func close() { real.close() }
}
