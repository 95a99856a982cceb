// JSON+Object.swift: the object of a JSON value: named members in the order of their text.

extension JSON {
    /// Members with distinct names, in order.
    ///
    /// Names are compared byte by byte. A look-up takes a walk in a small object and a hash in a large one, so that a
    /// hostile document cannot make it slow.
    public struct Object: Sendable {
        /// The members, in order.
        public private(set) var members: [(name: String, value: JSON)]

        /// Where each name stands, once the object is too large to be walked.
        private var places: [ExactText: Int]?

        private static let walkable = 16

        /// Makes an object without members.
        public init() { members = [] }

        /// Makes an object of members; of two with one name the later counts, at the place of the former.
        public init(_ members: [(String, JSON)]) {
            self.init()
            self.members.reserveCapacity(members.count)
            for (name, value) in members { self[name] = value }
        }

        /// The value of the member of this name; setting nil removes the member.
        public subscript(name: String) -> JSON? {
            get { place(of: name).map { members[$0].value } }
            set {
                switch (place(of: name), newValue) {
                case (let place?, let value?): members[place].value = value
                case (let place?, nil):
                    members.remove(at: place)
                    places = nil
                    index()
                case (nil, let value?): _ = append(name, value)
                case (nil, nil): break
                }
            }
        }

        /// The place of a name among the members.
        func place(of name: String) -> Int? {
            if let places { return places[ExactText(name)] }
            return members.firstIndex { ExactText.same($0.name, name) }
        }

        /// Whether there is a member of this name.
        func holds(_ name: String) -> Bool { place(of: name) != nil }

        mutating func reserve(_ count: Int) { members.reserveCapacity(count) }

        /// Adds a member at the end; false, and nothing done, if the name is taken.
        mutating func append(_ name: String, _ value: JSON) -> Bool {
            if holds(name) { return false }
            appendNew(name, value)
            return true
        }

        /// Adds a member whose name is known to be new.
        mutating func appendNew(_ name: String, _ value: JSON) {
            members.append((name, value))
            if places == nil { index() } else { places?[ExactText(name)] = members.count - 1 }
        }

        private mutating func index() {
            guard members.count > Self.walkable else { return }
            var places: [ExactText: Int] = Dictionary(minimumCapacity: members.count * 2)
            for (place, member) in members.enumerated() { places[ExactText(member.name)] = place }
            self.places = places
        }
    }
}

extension JSON.Object: Equatable {
    /// Tells whether two objects have the same members, in whatever order.
    public static func == (left: Self, right: Self) -> Bool {
        left.members.count == right.members.count
            && left.members.allSatisfy { member in right[member.name] == member.value }
    }
}

extension JSON.Object: ExpressibleByDictionaryLiteral {
    /// Makes an object; of two members with one name the later counts.
    public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
