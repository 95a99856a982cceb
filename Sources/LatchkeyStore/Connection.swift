// Connection.swift: what a database must be able to do to stand behind `Database` and `Transaction`.

/// What a transaction may do.
enum Access {
    /// See one consistent state of the store and change nothing.
    case read
    /// See the latest state, keep it from changing, and change it.
    case write
}

/// When there is time to tidy up.
enum Leisure {
    /// Work was just answered and more may wait.
    case betweenBatches
    /// Nobody has asked for anything for a while.
    case idle
}

/// One conversation with the database.
///
/// It belongs to one thread at a time and is therefore not `Sendable`.
protocol Connection: AnyObject {
    /// Begins a transaction, waiting for a bounded time if another process keeps the store.
    func begin(_ access: Access) throws(StoreError)

    /// Ends the transaction; after a write the change is durable when this returns.
    ///
    /// If it throws, the transaction is gone and nothing of it happened; `StoreError.uncertain` alone leaves that open.
    func commit() throws(StoreError)

    /// Ends the transaction, if any, and forgets what it did.
    func rollBack()

    /// Throws if the transaction begun is no longer there because the database gave it up on an error.
    func requireTransaction() throws(StoreError)

    /// Throws if a rule of the schema that waits for the end of the transaction is broken now.
    func settleConstraints() throws(StoreError)

    /// Says whether there is a table of this name.
    func hasTable(_ name: StaticString) throws(StoreError) -> Bool

    /// Runs a text of any number of statements without parameters.
    func run(script: StaticString) throws(StoreError)

    /// Sets a savepoint; savepoints may be nested.
    func setSavepoint() throws(StoreError)

    /// Keeps what was done since the last savepoint.
    func releaseSavepoint() throws(StoreError)

    /// Undoes what was done since the last savepoint.
    ///
    /// Failing means that the whole transaction is gone, which the next statement and the commit will notice.
    func undoSavepoint()

    /// Returns the prepared form of one statement, from the cache if its text was seen before.
    func statement(_ sql: StaticString) throws(StoreError) -> any Statement

    /// Returns the prepared form of one statement that is made while the program runs; it is not kept.
    ///
    /// Only names from the schema may be put into its text.
    func statement(text: String) throws(StoreError) -> any Statement

    /// Begins a query that may have very many rows; what it returns is started already.
    func scan(_ sql: String) throws(StoreError) -> any Statement

    /// The names of the tables, but for those of the store's own.
    func tableNames() throws(StoreError) -> [String]

    /// Takes the limits of time off the present transaction.
    func allowLongWork() throws(StoreError)

    /// Gives the connection back. The connection is not used afterwards.
    func close()
}

/// One prepared statement of a connection.
protocol Statement: AnyObject {
    /// How many columns a row has.
    var columnCount: Int { get }

    /// Sets the parameters `$1`, `$2`, … and makes the statement ready for `next`.
    func start(_ values: [any SQLBindable]) throws(StoreError)

    /// Goes to the next row; false when there is none and the statement has done its work.
    func next() throws(StoreError) -> Bool

    /// The value of a column of the present row.
    func value(at column: Int) throws(StoreError) -> SQLValue

    /// The name of a column, for an error.
    func name(at column: Int) -> String

    /// How many rows the statement changed; valid after `next` returned false.
    var changedRows: Int { get }

    /// Lets go of the row and the parameters.
    func finish()
}

/// A kind of database: makes connections and knows what is peculiar to it.
protocol Driver: Sendable {
    /// How long nobody must have asked for anything before a writer tidies up wholly.
    var idleSeconds: Int { get }

    /// How long work is begun anew when the connection is lost or others are in the way, in milliseconds.
    var patience: Int { get }

    /// How many connections may read at once.
    var readerLimit: Int { get }

    /// Opens the store, brings its schema up to date, and returns a connection that may write.
    ///
    /// If the store is there already, `examine` reads it before anything is written.
    func open(_ schema: Schema, examine: (any Connection) throws -> Void) throws -> any Connection

    /// Reads a store that is there, whatever its schema, and changes nothing.
    func look(_ body: (any Connection) throws -> Void) throws

    /// Opens a further connection to a store that is up to date.
    func connect(_ access: Access) throws(StoreError) -> any Connection

    /// Lists what is wrong with the store; nothing if it is sound.
    func check() throws(StoreError) -> [String]

    /// Writes a consistent copy to a new file.
    func backUp(to path: String, _ schema: Schema) throws(StoreError)

    /// Puts a copy in the store's place, after `schema` and `body` were applied to it.
    func restore(
        from path: String,
        _ schema: Schema,
        _ body: (any Connection) throws -> Void
    ) throws

    /// Tidies up a connection that has written, after its work was answered; says whether more is to be done later.
    func tidy(_ connection: any Connection, _ moment: Leisure) -> Bool
}

extension Driver {
    /// The connection that was kept, or a new one.
    func connection(_ kept: (any Connection)?, _ access: Access) throws(StoreError) -> any Connection {
        if let kept { return kept }
        return try connect(access)
    }
}
