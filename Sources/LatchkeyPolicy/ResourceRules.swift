// ResourceRules.swift: which resource patterns may be kept.

enum ResourceRules {
    private static let partitions: [StaticString] = ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "*"]
    private static let identityPaths = [
        "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
        "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
    ]

    static func check(_ resource: PlacedText, variables: Bool) throws(PolicyFault) {
        guard variables, resource.text.utf8.contains(UInt8(ascii: "$")) else {
            return try check(resource, resource.text.utf8.span)
        }
        // A variable is as good as a star, and its own colons do not count.
        var shown: [UInt8] = []
        var colons = 0
        for token in TemplateReader.tokens(of: resource.text, wildcards: false, variables: true) {
            guard case .literal(let literal) = token else {
                guard colons >= 5 else {
                    throw .shape(
                        "a policy variable may only stand after the fifth colon of a resource",
                        at: resource.offset
                    )
                }
                shown.append(UInt8(ascii: "*"))
                continue
            }
            for byte in literal.utf8 where byte == UInt8(ascii: ":") { colons += 1 }
            shown += literal.utf8
        }
        try check(resource, shown.span)
    }

    private static func check(_ resource: PlacedText, _ shown: Span<UInt8>) throws(PolicyFault) {
        if Wildcard.same(shown, "*") { return }
        let text = resource.text
        let parts = Parts(shown)
        guard parts.count > 1, Wildcard.same(shown.extracting(parts[0]), "arn") else {
            throw PolicyFault("Resource \(text) must be in ARN format or \"*\".", at: resource.offset)
        }
        let partition = shown.extracting(parts[1])
        guard partitions.contains(where: { Wildcard.same(partition, $0) }) else {
            throw PolicyFault(
                "Partition \"\(Wildcard.text(partition))\" is not valid for resource \"\(text)\".",
                at: resource.offset
            )
        }
        guard parts.count > 2 else { return }
        let service = shown.extracting(parts[2])
        guard Wildcard.same(service, "*") || !service.isEmpty && !hasWildcard(service) else {
            throw PolicyFault(
                "Resource vendor must be fully qualified and cannot contain regexes.",
                at: resource.offset
            )
        }
        // The last star of a short pattern stands for all that follows, not for a region.
        let hasRegion = parts.count > 4 || parts.count == 4 && !Wildcard.same(shown.extracting(parts[3]), "*")
        let isRegional = hasRegion && !parts[3].isEmpty
        if Wildcard.same(service, "iam") {
            guard !isRegional else {
                throw PolicyFault("IAM resource \(text) cannot contain region information.", at: resource.offset)
            }
            guard parts.count == 6 else { return }
            let path = shown.extracting(parts[5])
            guard hasWildcard(path) || identityPaths.contains(where: Wildcard.text(path).hasPrefix) else {
                let paths = identityPaths.joined(separator: ", ")
                throw PolicyFault(
                    "IAM resource path must either be \"*\" or start with \(paths).",
                    at: resource.offset
                )
            }
        } else if Wildcard.same(service, "s3") {
            // Buckets have neither region nor account in their ARNs; access points have both.
            guard !isRegional || parts.count > 4 && !parts[4].isEmpty else {
                throw PolicyFault("Resource \(text) can not contain region information.", at: resource.offset)
            }
        }
    }

    private static func hasWildcard(_ text: Span<UInt8>) -> Bool {
        for place in text.indices where text[place] == UInt8(ascii: "*") || text[place] == UInt8(ascii: "?") {
            return true
        }
        return false
    }
}

/// The at most six parts of an ARN, between its first five colons.
private struct Parts {
    private var ends: InlineArray<6, Int> = [0, 0, 0, 0, 0, 0]
    private(set) var count = 1

    init(_ text: Span<UInt8>) {
        for place in text.indices where text[place] == UInt8(ascii: ":") && count < 6 {
            ends[count - 1] = place
            count += 1
        }
        ends[count - 1] = text.count
    }

    /// Where a part stands, which must be one that there is.
    subscript(place: Int) -> Range<Int> { (place == 0 ? 0 : ends[place - 1] + 1)..<ends[place] }
}
