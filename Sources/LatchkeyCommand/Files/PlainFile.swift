// PlainFile.swift: reading whole files, with a limit.
internal import Glibc

/// Why a file could not be read or written.
struct FileError: Error, Sendable, Equatable {
    let number: Int32
    /// Said instead of the system's word for the number.
    var ownReason: String?

    /// The system's word for it.
    var reason: String { ownReason ?? FileError.reason(number) }
    var isMissing: Bool { number == ENOENT || number == ENOTDIR }

    /// The system's word for an error number, in lower case at its beginning.
    static func reason(_ number: Int32) -> String {
        guard let text = strerror(number) else { return "error \(number)" }
        let words = String(cString: text)
        return words.prefix(1).lowercased() + words.dropFirst()
    }
}

/// A file that holds no secret.
enum PlainFile {
    /// Reads the whole file and says what its mode is.
    static func read(_ path: String, atMost limit: Int) throws(FileError) -> (bytes: [UInt8], mode: mode_t) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(number: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(number: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(number: EINVAL, ownReason: "it is not a plain file")
        }
        return (try ByteInput.all(descriptor, atMost: limit), status.st_mode)
    }
}

/// Bytes of a file descriptor, a chunk at a time.
struct ByteInput {
    private let descriptor: Int32
    private var buffer: [UInt8]

    init(_ descriptor: Int32, chunk: Int = 1 << 16) {
        self.descriptor = descriptor
        buffer = [UInt8](repeating: 0, count: chunk)
    }

    /// All bytes to the end, if they are not more than `limit`.
    static func all(_ descriptor: Int32, atMost limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var input = ByteInput(descriptor)
        while let chunk = try input.next() {
            if bytes.count + chunk.count > limit {
                throw FileError(number: EFBIG, ownReason: "there are more than \(limit) bytes")
            }
            bytes += chunk
        }
        return bytes
    }

    /// The next bytes, or nil at the end.
    mutating func next() throws(FileError) -> ArraySlice<UInt8>? {
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { return buffer[..<count] }
            if count == 0 { return nil }
            if errno != EINTR { throw FileError(number: errno) }
        }
    }
}
