// PrivateFile.swift: files that only their owner may read, made new and never through a link.
internal import Glibc

/// A file that may hold a secret: mode 0600, made new, whole or not at all.
enum PrivateFile {
    /// Writes a new file, or refuses when anything, even a dangling link, has its name.
    static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw .refused("`\(path)` exists already and is left as it is; name a new file or remove that one")
            }
            throw .unusable("cannot write `\(path)`: \(FileError.reason(errno))")
        }
        do throws(FileError) {
            try fill(descriptor, with: bytes)
        } catch {
            unlink(path)
            throw .unusable("cannot write `\(path)`: \(error.reason)")
        }
    }

    private static func fill(_ descriptor: Int32, with bytes: [UInt8]) throws(FileError) {
        var number: Int32 = 0
        if fchmod(descriptor, 0o600) != 0 { number = errno }
        var rest = bytes[...]
        while number == 0, !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { number = errno }
        }
        // EINVAL: what was opened (a pipe, a special file) has nothing to sync.
        if number == 0, fsync(descriptor) != 0, errno != EINVAL { number = errno }
        if close(descriptor) != 0, number == 0 { number = errno }
        if number != 0 { throw FileError(number: number) }
    }
}
