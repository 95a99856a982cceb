// StoreError.swift: what can go wrong in a store, in words that do not depend on the database behind it.

/// Why a store could not do what was asked.
///
/// A description is one sentence that says what to do next; it never holds a stored or bound value.
@nonexhaustive
public enum StoreError: Error, Sendable, Equatable {
    /// There is no store at this place.
    case missing(String)
    /// The place is unfit: a symbolic link, a directory, open to others, or an unknown kind of location.
    case cannotOpen(String)
    /// The file is no store of Latchkey's.
    case notAStore(String)
    /// The store holds a migration that this build does not know.
    case newerSchema
    /// Another process kept the store for longer than the bounded wait.
    case busy
    /// Too many changes wait already; nothing was changed.
    case overloaded
    /// The disk, or the room allowed to the store, is full; nothing was changed.
    case full
    /// The file or its file system does not let itself be written.
    case readOnly
    /// The operating system failed to read or write.
    case io(String)
    /// The file is damaged.
    case corrupt(String)
    /// A rule of the schema was broken; the statement changed nothing.
    case constraint(Constraint)
    /// A value is of another type than asked for, or of a kind that cannot be stored.
    case unexpectedValue(String)
    /// The database refused a statement: a fault in the program or an unforeseen state of the store.
    case refused(String)
    /// The database server cannot be reached, or the connection to it was lost before anything was committed.
    case unreachable(String)
    /// Others changed the same rows again and again; nothing was changed here.
    case conflict
    /// The connection was lost while a change was committed, and the server does not come back to say what became of it.
    case uncertain
    /// The program used the store against its rules.
    case misuse(String)
    /// The store was closed.
    case closed

    /// A broken rule of the schema.
    public struct Constraint: Sendable, Equatable, CustomStringConvertible {
        /// The kinds of rules.
        public enum Kind: Sendable, Equatable {
            case unique, foreignKey, notNull, check, other
        }

        /// Which kind of rule.
        public let kind: Kind
        /// The database's own words; names tables and columns, never values.
        public let description: String
    }
}

extension StoreError: CustomStringConvertible {
    /// One sentence, lower case, that says what to do next.
    public var description: String {
        switch self {
        case .missing(let path): "there is no store at `\(path)`: make one with `latchkey init`"
        case .cannotOpen(let reason): reason
        case .notAStore(let path): "`\(path)` is not a store of latchkey's: name another file"
        case .newerSchema: "the store was made by a newer latchkey: upgrade this one"
        case .busy: "another process holds the store: stop it, or try again when it is done"
        case .overloaded: "too many changes wait for the store: try again in a second"
        case .full: "no room is left for the store: free some space and try again"
        case .readOnly: "the store cannot be written: check the file, its directory and how the disk is mounted"
        case .io(let reason): "the store could not be read or written (\(reason)): check the disk"
        case .corrupt(let reason): "the store is damaged (\(reason)): restore a backup with `latchkey store restore`"
        case .constraint(let constraint): "the change breaks a rule of the store (\(constraint))"
        case .unexpectedValue(let reason): "the store holds or was given a value of another kind: \(reason)"
        case .refused(let reason): "the database refused a statement (\(reason)): report this as a fault of latchkey"
        case .unreachable(let reason): "nothing was changed, for the database cannot be reached (\(reason)): try again"
        case .conflict: "others changed the same things again and again: try again"
        case .uncertain: "it is not known whether the change was made, for the database was lost meanwhile: look first"
        case .misuse(let reason): "the store was used wrongly (\(reason)): report this as a fault of latchkey"
        case .closed: "the store is closed: open it again"
        }
    }
}
