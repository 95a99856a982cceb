// StoreInspection.swift: what a store and its master key are like, told without changing a byte of either.
import LatchkeyStore

/// What was seen of a store that was not opened for work.
public struct StoreInspection: Sendable {
    /// Why the master key cannot be used; nil when it can, or when the store could not be asked whether it is its own.
    public var key: Fault?
    /// Whether a rotation of keys was prepared or begun and has not ended.
    public var isRotating = false
    /// Why the store cannot be used, the key apart.
    public var store: Fault?
    /// The last step of the schema that the store has.
    public var schema: Int?
    /// The last step of the schema that this build knows.
    public let knownSchema: Int
    /// Settings of the database's server under which what was acknowledged may be lost.
    public var unsafeSettings: [String] = []
}

extension Authority {
    /// Looks at a store and its key as they are: the schema is not brought up to date, and nothing is written.
    public static func inspect(_ location: String, masterKey: MasterKeySource) async -> StoreInspection {
        var seen = StoreInspection(knownSchema: migrations.last?.number ?? 0)
        do throws(Fault) { seen.isRotating = try masterKey.keys().count > 1 } catch { seen.key = error }
        let before = seen
        do {
            return try await Database.peek(at: location) { transaction in
                var seen = before
                let steps: [Int64] = try transaction.rows("SELECT number FROM migrations ORDER BY number")
                seen.schema = steps.last.map { Int(clamping: $0) }
                if try StoreLocation(location).isPostgreSQL {
                    seen.unsafeSettings = try transaction.rows(
                        """
                        SELECT name FROM pg_settings WHERE setting = 'off' AND name IN ('fsync', 'full_page_writes')
                        ORDER BY name
                        """
                    )
                }
                guard (seen.schema ?? 0) <= seen.knownSchema else {
                    seen.store = Fault(StoreError.newerSchema)
                    return seen
                }
                if seen.key == nil {
                    do { _ = try Vault.open(transaction, source: masterKey) } catch {
                        let fault = Fault(any: error)
                        if fault.reason == "key" { seen.key = fault } else { seen.store = fault }
                    }
                }
                return seen
            }
        } catch {
            seen.store = Fault(any: error)
            return seen
        }
    }
}
