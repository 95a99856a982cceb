// AccessRequest.swift: one question: who wants to do what to which resource, under which circumstances.

/// One question to the policies, prepared so that many policies can be asked quickly.
public struct AccessRequest: Sendable {
    /// Who asks.
    public let principal: RequestPrincipal
    /// The circumstances.
    public let keys: RequestKeys
    /// The action, in small letters.
    let action: [UInt8]
    /// The hash of each beginning of the action, from none of it to all or 63 bytes of it.
    let hashes: [UInt64]
    let resource: [UInt8]
    /// Nil for `*`, an action that takes no resource.
    let parts: ARNParts?
    /// Whether the resource is of another account than the principal.
    let isForeign: Bool

    /// Prepares a question.
    ///
    /// - Parameters:
    ///   - principal: Who asks.
    ///   - action: `service:Name`.
    ///   - resource: The ARN, or `*` for an action that takes no resource.
    ///   - resourceAccount: The account that owns the resource, where its ARN does not say it; of a resource without any
    ///     account the principal's own.
    ///   - keys: The circumstances.
    /// - Throws: `RequestError` for an action or a resource that cannot be.
    public init(
        principal: RequestPrincipal,
        action: String,
        resource: String = "*",
        resourceAccount: String? = nil,
        keys: RequestKeys
    ) throws(RequestError) {
        guard let folded = Self.folded(action) else { throw .action }
        var hash = TextHash()
        var hashes = [hash.value]
        hashes.reserveCapacity(folded.count + 1)
        for byte in folded.prefix(ActionIndex.longest) {
            hash.add(byte)
            hashes.append(hash.value)
        }
        let bytes = Array(resource.utf8)
        let parts = ARNParts(bytes.span)
        guard parts != nil || bytes.elementsEqual("*".utf8) else { throw .resource }
        var account = resourceAccount.map { Array($0.utf8) } ?? []
        if account.isEmpty, let parts { account = Array(bytes[parts.colons[3] + 1..<parts.colons[4]]) }
        self.principal = principal
        self.keys = keys
        self.action = folded
        self.hashes = hashes
        self.resource = bytes
        self.parts = parts
        isForeign = !account.isEmpty && account != principal.account
    }

    private static func folded(_ action: String) -> [UInt8]? {
        var colon: Int?
        var folded: [UInt8] = []
        folded.reserveCapacity(action.utf8.count)
        for byte in action.utf8 {
            if byte == UInt8(ascii: ":"), colon == nil {
                colon = folded.count
            } else if !byte.isLetterOrDigit && (colon != nil || byte != UInt8(ascii: "-")) {
                return nil
            }
            folded.append(Fold.lower(byte))
        }
        guard let colon, colon > 0, colon < folded.count - 1 else { return nil }
        return folded
    }
}
