// Principals.swift: who asks, whom a statement names, and how strongly the one is meant by the other.

/// Who asks.
public struct RequestPrincipal: Sendable {
    enum Kind: Sendable {
        case anonymous, root, user, role, federatedUser, service, federated
    }

    let kind: Kind
    /// The ARN, or the name of a service or provider.
    let name: [UInt8]
    /// Empty for those who belong to none.
    let account: [UInt8]
    /// The last part of the role's name, or of nothing.
    let roleName: [UInt8]
    /// The ARN of the user behind a federated session.
    let issuer: [UInt8]
    /// The unique identifier of the user or role.
    let id: [UInt8]

    /// Nobody who is known.
    public static let anonymous = RequestPrincipal(.anonymous, name: "*")

    /// A service that asks in its own name, `ec2.amazonaws.com` for example.
    public static func service(_ name: String) -> RequestPrincipal { RequestPrincipal(.service, name: name) }

    /// Somebody whom an identity provider vouches for; the name is the provider's, as policies write it.
    public static func federated(_ provider: String) -> RequestPrincipal {
        RequestPrincipal(.federated, name: provider)
    }

    /// Takes the ARN of a root user, a user, a session of a role or a federated user.
    ///
    /// - Parameters:
    ///   - arn: The caller's ARN: `arn:aws:iam::ACCOUNT:user/PATH/NAME`, `…:root`,
    ///     `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` or `…:federated-user/NAME`.
    ///   - issuer: The ARN of the user behind a federated session.
    ///   - id: The unique identifier (`AIDA…`, `AROA…`) of the user, or of the session's role.
    /// - Throws: `RequestError.principal` for any other ARN.
    public init(arn: String, issuer: String? = nil, id: String? = nil) throws(RequestError) {
        guard let parsed = PrincipalARN(arn) else { throw .principal }
        let kind: Kind
        switch parsed.kind {
        case .root: kind = .root
        case .user: kind = .user
        case .session: kind = .role
        case .federatedUser: kind = .federatedUser
        case .role: throw .principal
        }
        self.init(
            kind,
            name: arn,
            account: parsed.account,
            roleName: kind == .role ? parsed.name : "",
            issuer: issuer ?? "",
            id: id ?? ""
        )
    }

    private init(
        _ kind: Kind,
        name: String,
        account: String = "",
        roleName: String = "",
        issuer: String = "",
        id: String = ""
    ) {
        self.kind = kind
        self.name = Array(name.utf8)
        self.account = Array(account.utf8)
        self.roleName = Array(roleName.utf8)
        self.issuer = Array(issuer.utf8)
        self.id = Array(id.utf8)
    }

    /// Whether policies of its own decide about this principal too, not only those of the resource.
    var hasIdentitySide: Bool {
        switch kind {
        case .root, .user, .role, .federatedUser: true
        case .anonymous, .service, .federated: false
        }
    }
}

/// An ARN of a principal, in parts.
private struct PrincipalARN {
    enum Kind { case root, user, role, session, federatedUser }

    let kind: Kind
    let account: String
    /// The last part of a role's name, with or without a session behind it; the whole ARN otherwise.
    let name: String

    init?(_ arn: String) {
        let text = arn.utf8.span
        guard let colons = ARNParts(text)?.colons, colons[1] > colons[0] + 1, colons[3] == colons[2] + 1,
            colons[4] == colons[3] + 13
        else { return nil }
        for place in colons[3] + 1..<colons[4] where text[place] &- 0x30 > 9 { return nil }
        let isIAM = Wildcard.same(text.extracting(colons[1] + 1..<colons[2]), "iam")
        guard isIAM || Wildcard.same(text.extracting(colons[1] + 1..<colons[2]), "sts") else { return nil }
        var slashes = 0
        var first = text.count
        var last = text.count
        for place in colons[4] + 1..<text.count {
            switch text[place] {
            case UInt8(ascii: "*"), UInt8(ascii: "?"): return nil
            case UInt8(ascii: "/"):
                if slashes == 0 { first = place }
                last = place
                slashes += 1
            default: break
            }
        }
        // Nothing follows the last slash.
        if slashes > 0, last == text.count - 1 { return nil }
        let word = colons[4] + 1..<first
        var name = arn
        if isIAM, slashes == 0, Wildcard.same(text.extracting(word), "root") {
            kind = .root
        } else if isIAM, slashes > 0, Wildcard.same(text.extracting(word), "user") {
            kind = .user
        } else if isIAM, slashes > 0, Wildcard.same(text.extracting(word), "role") {
            kind = .role
            name = Wildcard.text(text.extracting(last + 1..<text.count))
        } else if !isIAM, slashes == 2, Wildcard.same(text.extracting(word), "assumed-role") {
            kind = .session
            name = Wildcard.text(text.extracting(first + 1..<last))
        } else if !isIAM, slashes == 1, Wildcard.same(text.extracting(word), "federated-user") {
            kind = .federatedUser
        } else {
            return nil
        }
        account = Wildcard.text(text.extracting(colons[3] + 1..<colons[4]))
        self.name = name
    }
}

/// How strongly a resource's policy means a caller: what the caller's own policies need no longer say.
enum PrincipalStrength: UInt8, Comparable {
    /// Its account is named: the account's own policies decide.
    case account
    /// Its role is named: boundary and session must still allow.
    case role
    /// It is named itself.
    case direct

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A principal as a statement names it.
struct PrincipalPattern: Sendable {
    private enum Kind {
        case everyone, account, user, session, role, federatedUser, uniqueID, service, federated, canonicalUser
    }

    private let kind: Kind
    private let text: [UInt8]
    private let account: [UInt8]

    /// Reads a principal; nil for one that names nobody: there are no wildcards but `*` alone.
    init?(_ principal: PrincipalText) {
        let value = principal.value.text
        var text = Array(value.utf8)
        var account: [UInt8] = []
        switch principal.kind {
        case .service, .federated, .canonicalUser:
            guard !text.isEmpty, !text.contains(UInt8(ascii: "*")), !text.contains(UInt8(ascii: "?")) else {
                return nil
            }
            kind = principal.kind == .service ? .service : principal.kind == .federated ? .federated : .canonicalUser
        case .aws where principal.isEveryone: kind = .everyone
        case .aws where text.count == 12 && text.allSatisfy { $0 &- 0x30 < 10 }: kind = .account
        case .aws where Self.isUniqueID(text): kind = .uniqueID
        case .aws:
            guard let arn = PrincipalARN(value) else { return nil }
            account = Array(arn.account.utf8)
            switch arn.kind {
            case .root:
                kind = .account
                text = account
            case .user: kind = .user
            case .session: kind = .session
            case .federatedUser: kind = .federatedUser
            case .role:
                kind = .role
                text = Array(arn.name.utf8)
            }
        }
        self.text = text
        self.account = account
    }

    private static func isUniqueID(_ text: [UInt8]) -> Bool {
        guard text.count >= 16, text.starts(with: "AIDA".utf8) || text.starts(with: "AROA".utf8) else { return false }
        return text.allSatisfy { $0 &- 0x41 < 26 || $0 &- 0x30 < 10 }
    }

    var isEveryone: Bool { kind == .everyone }

    /// How strongly a caller is meant; nil if it is not.
    func strength(for principal: RequestPrincipal) -> PrincipalStrength? {
        switch (kind, principal.kind) {
        case (.everyone, _): .direct
        case (.account, _): !principal.account.isEmpty && text == principal.account ? .account : nil
        case (.user, .user), (.session, .role), (.federatedUser, .federatedUser), (.service, .service),
            (.federated, .federated):
            text == principal.name ? .direct : nil
        case (.user, .federatedUser): text == principal.issuer ? .role : nil
        // A session's ARN has no path: its role is told by account and last name.
        case (.role, .role): account == principal.account && text == principal.roleName ? .role : nil
        case (.uniqueID, .user): text == principal.id ? .direct : nil
        case (.uniqueID, .role): text == principal.id ? .role : nil
        default: nil
        }
    }

    /// Whether a list of `NotPrincipal` spares a caller: it must name the caller, its role and its account.
    static func spare(_ principal: RequestPrincipal, _ patterns: ArraySlice<PrincipalPattern>) -> Bool {
        var direct = false
        var role = false
        var account = false
        for pattern in patterns {
            if pattern.isEveryone { return true }
            switch pattern.strength(for: principal) {
            case .direct: direct = true
            case .role: role = true
            case .account: account = true
            case nil: break
            }
        }
        return switch principal.kind {
        case .root: account
        case .user, .federatedUser: direct && account
        case .role: direct && role && account
        case .service, .federated: direct
        case .anonymous: false
        }
    }
}
