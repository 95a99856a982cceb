// RequestError.swift: why something is no question that policies could decide.

/// Says what of a request is not what it should be.
@nonexhaustive public enum RequestError: Error, Equatable, Sendable {
    /// The principal is no ARN of a caller.
    case principal
    /// The action is not `service:Name`, or has wildcards.
    case action
    /// The resource is neither an ARN nor `*`.
    case resource
}

extension RequestError: CustomStringConvertible {
    /// One sentence: what should stand there.
    public var description: String {
        switch self {
        case .principal:
            "the principal is the ARN of a user, a root user, an assumed-role session or a federated user, or \"*\""
        case .action: "the action is written service:Name, such as s3:GetObject, without wildcards"
        case .resource: "the resource is an ARN of six parts, or \"*\" for an action that takes none"
        }
    }
}
