// ResourceRules.swift: which resource patterns may be kept.

enum ResourceRules {
    private static let partitions: Set = ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "*"]
    private static let identityPaths = [
        "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
        "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
    ]

    static func check(_ resource: PlacedText, variables: Bool) throws(PolicyFault) {
        let text = resource.text
        if text.utf8.elementsEqual("*".utf8) { return }
        // Cut at the first five colons; those inside a variable do not count.
        var parts: [String] = [""]
        for token in TemplateReader.tokens(of: text, wildcards: false, variables: variables) {
            switch token {
            case .literal(let literal):
                for (place, piece) in literal.utf8
                    .split(
                        separator: UInt8(ascii: ":"),
                        maxSplits: 6 - parts.count,
                        omittingEmptySubsequences: false
                    )
                    .enumerated()
                {
                    if place > 0 { parts.append("") }
                    parts[parts.count - 1] += String(decoding: piece, as: UTF8.self)
                }
            case .variable where parts.count < 6:
                throw .shape(
                    "a policy variable may only stand after the fifth colon of a resource",
                    at: resource.offset
                )
            case .variable, .any, .one: parts[parts.count - 1] += "*"
            }
        }
        guard parts.count > 1, parts[0].utf8.elementsEqual("arn".utf8) else {
            throw PolicyFault("Resource \(text) must be in ARN format or \"*\".", at: resource.offset)
        }
        guard partitions.contains(parts[1]) else {
            throw PolicyFault("Partition \"\(parts[1])\" is not valid for resource \"\(text)\".", at: resource.offset)
        }
        guard parts.count > 2 else { return }
        let service = parts[2]
        guard service.utf8.elementsEqual("*".utf8) || !service.isEmpty && !hasWildcard(service) else {
            throw PolicyFault(
                "Resource vendor must be fully qualified and cannot contain regexes.",
                at: resource.offset
            )
        }
        // The last star of a short pattern stands for all that follows, not for a region.
        let region = parts.count > 4 || parts.count == 4 && parts[3] != "*" ? parts[3] : ""
        switch service {
        case "iam":
            guard region.isEmpty else {
                throw PolicyFault("IAM resource \(text) cannot contain region information.", at: resource.offset)
            }
            guard parts.count < 6 || hasWildcard(parts[5]) || identityPaths.contains(where: parts[5].hasPrefix) else {
                let paths = identityPaths.joined(separator: ", ")
                throw PolicyFault(
                    "IAM resource path must either be \"*\" or start with \(paths).",
                    at: resource.offset
                )
            }
        case "s3":
            // Buckets have neither region nor account in their ARNs; access points have both.
            guard region.isEmpty || parts.count > 4 && !parts[4].isEmpty else {
                throw PolicyFault("Resource \(text) can not contain region information.", at: resource.offset)
            }
        default: break
        }
    }

    private static func hasWildcard(_ text: String) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }
}
