// AccountAliases.swift: the name that an account goes by beside its number.
import LatchkeyStore

/// The actions on account aliases.
let accountAliasActions: [any Action.Type] = [
    CreateAccountAlias.self, DeleteAccountAlias.self, ListAccountAliases.self,
]

/// Gives the account an alias, in the place of the one that it has.
///
/// Fails with `EntityAlreadyExists` if an account of the store goes by that alias.
public struct CreateAccountAlias: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The alias.
    public var accountAlias: AccountAlias

    /// Makes the action.
    public init(accountAlias: AccountAlias) { self.accountAlias = accountAlias }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let taken: (String)? = try state.row("SELECT id FROM accounts WHERE alias = $1", accountAlias.text)
        guard taken == nil else { throw .entityAlreadyExists("The account alias \(accountAlias) already exists.") }
        try state.run("UPDATE accounts SET alias = $1 WHERE id = $2", accountAlias.text, call.account.text)
        return Nothing()
    }
}

/// Takes the alias from the account.
///
/// Fails with `NoSuchEntity` if the account does not go by it.
public struct DeleteAccountAlias: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The alias.
    public var accountAlias: AccountAlias

    /// Makes the action.
    public init(accountAlias: AccountAlias) { self.accountAlias = accountAlias }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let changed = try state.run(
            "UPDATE accounts SET alias = NULL WHERE id = $1 AND alias = $2",
            call.account.text,
            accountAlias.text
        )
        guard changed == 1 else {
            throw .noSuchEntity("The account alias \(accountAlias) cannot be found.")
        }
        return Nothing()
    }
}

/// Lists the account's alias, if it has one.
public struct ListAccountAliases: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of aliases, of which there is at most one.
    public struct Output: Codable, Sendable {
        /// The alias, or nothing.
        public var accountAliases: [AccountAlias]
        /// Whether there is another page, which there never is.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let alias = try state.alias(of: call.account).map { AccountAlias(checked: $0) }
        let page = try Page(alias.map { [$0] } ?? [], after: marker, maxItems, state.vault) { $0.text }
        return Output(accountAliases: page.items, isTruncated: page.isTruncated, marker: page.marker)
    }
}
