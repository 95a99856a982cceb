// PrivateFile.swift: files that hold secrets: 0600 from their first byte, never written through a symbolic link.
import Glibc

/// Files that only their owner may read.
public enum PrivateFile {
    /// Writes a new file with mode 0600, durably; fails when anything, a symbolic link included, has that name.
    public static func create(_ bytes: [UInt8], at path: String) throws(Fault) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let reason = errno
            if reason == EEXIST {
                throw Fault(
                    code: "FileExists",
                    status: 409,
                    message: "`\(path.escapedForDisplay)` exists already and is left as it is; "
                        + "name a new file or remove that one",
                    reason: "exists"
                )
            }
            throw .file("cannot write `\(path.escapedForDisplay)`: \(explain(reason))")
        }
        do throws(Fault) {
            try write(bytes, to: file, path)
        } catch {
            close(file)
            unlink(path)
            throw error
        }
        guard close(file) == 0 else {
            let reason = errno
            unlink(path)
            throw .file("cannot write `\(path.escapedForDisplay)`: \(explain(reason))")
        }
        syncFolder(of: path)
    }

    /// Puts new content in a file's place in one step: a reader sees the old bytes or the new ones.
    public static func replace(_ bytes: [UInt8], at path: String) throws(Fault) {
        let temporary = "\(path).new"
        unlink(temporary)
        try create(bytes, at: temporary)
        guard rename(temporary, path) == 0 else {
            let reason = errno
            unlink(temporary)
            throw .file("cannot replace `\(path.escapedForDisplay)`: \(explain(reason))")
        }
        syncFolder(of: path)
    }

    /// Reads a file that nobody but its owner may read: a secret's place.
    ///
    /// Refuses a file that its group or others may read, and a file or symbolic link that belongs to someone else.
    public static func read(_ path: String, limit: Int = 65_536) throws(Fault) -> [UInt8] {
        let shown = path.escapedForDisplay
        var facts = stat()
        guard lstat(path, &facts) == 0 else { throw .file("cannot read `\(shown)`: \(explain(errno))") }
        guard facts.st_uid == geteuid() || facts.st_uid == 0 else {
            throw .file("`\(shown)` belongs to another user: give it to yourself with chown")
        }
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .file("cannot read `\(shown)`: \(explain(errno))") }
        defer { close(file) }
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw .file("`\(shown)` is not a plain file")
        }
        guard facts.st_uid == geteuid() || facts.st_uid == 0 else {
            throw .file("`\(shown)` belongs to another user: give it to yourself with chown")
        }
        guard facts.st_mode & 0o077 == 0 else { throw .file("others may read `\(shown)`: run chmod 600 on it") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .file("cannot read `\(shown)`: \(explain(errno))")
            }
            bytes += buffer[0..<count]
            if bytes.count > limit { throw .file("`\(shown)` is too long to be what it should be") }
        }
    }

    /// Waits until no other process has its turn in the folder of `path`; whoever has it ends it, by its own end at the latest.
    static func awaitTurn(inFolderOf path: String) async throws(Fault) -> Int32 {
        let folder = folder(of: path)
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .file("cannot open `\(folder.escapedForDisplay)`: \(explain(errno))") }
        while flock(directory, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            // Looked at again and again: no thread is held meanwhile, which whoever has the turn may need.
            if reason == EWOULDBLOCK || reason == EINTR {
                do { try await Task.sleep(nanoseconds: 20_000_000) } catch {
                    close(directory)
                    throw .file("the wait for `\(folder.escapedForDisplay)` was cut short")
                }
                continue
            }
            close(directory)
            throw .file("cannot lock `\(folder.escapedForDisplay)`: \(explain(reason))")
        }
        return directory
    }

    /// Ends a turn.
    static func endTurn(_ turn: Int32) { close(turn) }

    private static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(Fault) {
        // The umask may have taken bits away from 0600, never added any.
        fchmod(file, 0o600)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .file("cannot write `\(path.escapedForDisplay)`: \(explain(errno))")
            }
            written += count
        }
        guard fsync(file) == 0 else { throw .file("cannot write `\(path.escapedForDisplay)`: \(explain(errno))") }
    }

    /// Makes the name itself durable.
    ///
    /// A file system that cannot is no reason to fail: the content is safe.
    private static func syncFolder(of path: String) {
        let directory = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private static func folder(of path: String) -> String {
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
        return folder.isEmpty ? "/" : folder
    }

    private static func explain(_ reason: Int32) -> String { String(cString: strerror(reason)).asciiLowercased }
}

extension Fault {
    /// A file outside the store cannot be used as it is.
    static func file(_ message: String) -> Fault {
        Fault(code: "FileUnusable", status: 500, message: message, reason: "file")
    }
}
