// AuthorizationToken.swift: what programs of a host must show to get its role's credentials.
internal import Glibc
internal import Latchkey
internal import LatchkeyCrypto

/// The token of the container credentials endpoint.
final class AuthorizationToken: Sendable {
    private let secret: Secret

    /// The token of the file, which is made when it is missing, or else of the variable; nil when neither is given.
    init?(file: String?, variable: String?) throws {
        var bytes: [UInt8]
        let place: String
        if let file {
            place = "the token in `\(file)`"
            if access(file, F_OK) != 0, errno == ENOENT {
                try PrivateFile.create(Array(Base64URL.encode(SecureRandom.bytes(count: 32)).utf8), at: file)
            }
            bytes = try PrivateFile.read(file, limit: Self.longest)
        } else if let variable {
            place = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
            bytes = Array(variable.utf8)
        } else {
            return nil
        }
        // AWS's clients refuse a token with a line's end in it, so none is taken off here.
        guard bytes.count >= Self.shortest, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Failure.unusable(
                "\(place) is not \(Self.shortest) printable characters or more without blanks and line ends; with --token-file and "
                    + "the name of a missing file one is made"
            )
        }
        secret = Secret(wiping: &bytes)
    }

    /// Whether `given` is the token; how long that takes tells nothing of it but its length.
    func isRight(_ given: String) -> Bool {
        let given = Array(given.utf8)
        return secret.withBytes { constantTimeEqual($0, given.span) }
    }

    private static let shortest = 32
    private static let longest = 4_096
}
