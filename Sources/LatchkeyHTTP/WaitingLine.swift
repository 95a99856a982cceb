// WaitingLine.swift: connections in the order in which they began to wait for their clients.

/// A line that any member may leave, in constant time; the one in front has waited longest.
///
/// When there is no room for a newcomer, whoever has waited longest goes: an attacker's idle or slow connections are older
/// than those of clients that send at once.
final class WaitingLine {
    /// A connection's place in a line.
    final class Place {
        unowned let connection: Connection
        fileprivate unowned(unsafe) var before: Place?
        fileprivate unowned(unsafe) var after: Place?
        fileprivate weak var line: WaitingLine?

        init(_ connection: Connection) { self.connection = connection }

        func leave() {
            guard let line else { return }
            if let before { before.after = after } else { line.first = after }
            if let after { after.before = before } else { line.last = before }
            before = nil
            after = nil
            self.line = nil
        }
    }

    private(set) unowned(unsafe) var first: Place?
    private unowned(unsafe) var last: Place?

    func join(_ place: Place) {
        place.leave()
        place.line = self
        place.before = last
        if let last { last.after = place } else { first = place }
        last = place
    }
}
