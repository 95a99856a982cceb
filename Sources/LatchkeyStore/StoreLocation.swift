// StoreLocation.swift: where a store is, and how that is said without its password.

/// The place of a store: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.
public struct StoreLocation: Sendable {
    /// The whole text; it may hold a password.
    public let text: String
    /// The place as a person may read it, without password and options.
    public let name: String
    /// Whether the text holds a password.
    public let holdsPassword: Bool
    /// Whether the store is in a PostgreSQL database.
    public let isPostgreSQL: Bool

    /// Reads a location.
    ///
    /// - Throws: `StoreError.cannotOpen` for another kind of place, or an address whose parts cannot be told apart.
    public init(_ text: String) throws(StoreError) {
        self.text = text
        if text.utf8.starts(with: "sqlite:".utf8) {
            (name, holdsPassword, isPostgreSQL) = (text, false, false)
            return
        }
        guard let scheme = ["postgres://", "postgresql://"].first(where: { text.utf8.starts(with: $0.utf8) }) else {
            throw .cannotOpen("a store is named `sqlite:PATH` or `postgres://USER@HOST/DATABASE`: name one of these")
        }
        guard !text.utf8.contains(0) else { throw .cannotOpen("the store's address holds a NUL: take it out") }
        isPostgreSQL = true
        // Whatever stands before the last @ is never shown, but for the user's name: a password may hold any character.
        let address = text.utf8.dropFirst(scheme.utf8.count)
        let query = address.firstIndex(of: UInt8(ascii: "?")) ?? address.endIndex
        let head = address[..<query]
        let at = head.lastIndex(of: UInt8(ascii: "@"))
        let credentials = at.map { head[..<$0] } ?? head[..<head.startIndex]
        let place = at.map { head[head.index(after: $0)...] } ?? head
        let unescaped: [UInt8] = [UInt8(ascii: "@"), UInt8(ascii: "/"), UInt8(ascii: "#")]
        let isTorn = address[query...].contains(UInt8(ascii: "@")) && at == nil
        guard !credentials.contains(where: unescaped.contains), !isTorn else {
            throw .cannotOpen("write `@` as %40, `/` as %2F, `?` as %3F and `#` as %23 in the password of the store")
        }
        let colon = credentials.firstIndex(of: UInt8(ascii: ":"))
        let user = colon.map { credentials[..<$0] } ?? credentials
        let options = address[query...].split(whereSeparator: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "&") })
        holdsPassword =
            colon != nil
            || options.contains { $0.starts(with: "password=".utf8) || $0.starts(with: "sslpassword=".utf8) }
        name = scheme + (user.isEmpty ? "" : String(Substring(user)) + "@") + String(Substring(place))
    }
}
