// SQLiteFile.swift: the file of a store: where it may be, who may read it, how it comes into being.

import Glibc

/// The place of a store's file.
///
/// Nothing here ever opens a file that SQLite may have open: closing any descriptor of a file drops every lock that the
/// process holds on it. A new file is therefore made under another name and linked into place.
struct SQLiteFile: Sendable {
    /// The absolute path.
    let path: String

    init(path: String) { self.path = path }

    /// Reads a location, `sqlite:PATH`.
    init(location: String) throws(StoreError) {
        guard location.utf8.starts(with: "sqlite:".utf8) else {
            throw .cannotOpen("a store is named `sqlite:PATH`: other kinds are not known to this latchkey")
        }
        let path = String(location.utf8.dropFirst("sqlite:".utf8.count)) ?? ""
        guard !path.isEmpty, !path.utf8.contains(0), path.utf8.last != UInt8(ascii: "/") else {
            throw .cannotOpen("a store is named `sqlite:PATH`: name a file")
        }
        try self.init(relative: path)
    }

    /// Takes a path that counts from the working directory, as it is now, unless it is absolute.
    private init(relative path: String) throws(StoreError) {
        if path.utf8.first == UInt8(ascii: "/") {
            self.path = path
        } else {
            guard let here = getcwd(nil, 0) else { throw Self.failure("the working directory cannot be found") }
            defer { free(here) }
            self.path = String(cString: here) + "/" + path
        }
    }

    /// The directory of the file.
    var directory: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the file, empty, and the directories that it needs, unless there is something by that name.
    func create() throws(StoreError) {
        var status = stat()
        if lstat(path, &status) == 0 { return }
        guard errno == ENOENT || errno == ENOTDIR else { throw Self.failure("`\(path)` cannot be looked at") }
        try Self.makeDirectories(directory)
        let temporary = try makeTemporary()
        defer { unlink(temporary) }
        guard link(temporary, path) == 0 || errno == EEXIST else { throw Self.failure("`\(path)` cannot be made") }
        try Self.synchronize(directory: directory)
    }

    /// Makes an empty file of mode 0600 beside this one and returns its path.
    func makeTemporary() throws(StoreError) -> String {
        for _ in 0..<16 {
            let temporary = path + ".new-" + String(UInt64.random(in: .min ... .max), radix: 36)
            let descriptor = Glibc.open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            if descriptor < 0 && errno == EEXIST { continue }
            guard descriptor >= 0 else { throw Self.failure("no file can be made in `\(directory)`") }
            // The umask may have taken away what the owner needs.
            let isReady = fchmod(descriptor, 0o600) == 0
            Glibc.close(descriptor)
            guard isReady else {
                unlink(temporary)
                throw Self.failure("no file of mode 0600 can be made in `\(directory)`")
            }
            return temporary
        }
        throw .cannotOpen("no file can be made in `\(directory)`: every name tried is taken")
    }

    /// Refuses a file that is not there or that a stranger could read, change or exchange.
    func inspect() throws(StoreError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .missing(path) }
            throw Self.failure("`\(path)` cannot be looked at")
        }
        try Self.requireSafe(status, path)
        // What SQLite keeps beside the file is as good as the file.
        for suffix in ["-wal", "-shm", "-journal"] {
            var beside = stat()
            guard lstat(path + suffix, &beside) == 0 else { continue }
            try Self.requireSafe(beside, path + suffix)
            guard beside.st_uid == status.st_uid else {
                throw .cannotOpen("`\(path + suffix)` and `\(path)` have different owners: find out why, then mend it")
            }
        }
        var parent = stat()
        guard stat(directory, &parent) == 0 else { throw Self.failure("`\(directory)` cannot be looked at") }
        guard parent.st_mode & 0o002 == 0 || parent.st_mode & S_ISVTX != 0 else {
            throw .cannotOpen("everybody may exchange files in `\(directory)`: run `chmod o-w` on it")
        }
    }

    private static func requireSafe(_ status: stat, _ path: String) throws(StoreError) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFLNK: throw .cannotOpen("`\(path)` is a symbolic link: name the file itself")
        case S_IFDIR: throw .cannotOpen("`\(path)` is a directory: name a file")
        default: throw .cannotOpen("`\(path)` is not a regular file: name another")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .cannotOpen("others than its owner may read or write `\(path)`: run `chmod 600` on it")
        }
    }

    private static func makeDirectories(_ path: String) throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 { return }
        guard errno == ENOENT else { throw failure("`\(path)` cannot be looked at") }
        let parent = SQLiteFile(path: path).directory
        if parent != path { try makeDirectories(parent) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("`\(path)` cannot be made") }
        try synchronize(directory: parent)
    }

    /// Makes new names in a directory durable.
    static func synchronize(directory: String) throws(StoreError) {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("`\(directory)` cannot be opened") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("`\(directory)` cannot be made durable") }
    }

    /// The error for what the operating system just refused.
    static func failure(_ what: String) -> StoreError {
        switch errno {
        case ENOSPC, EDQUOT: .full
        case EROFS: .readOnly
        case EIO: .io(what)
        default: .cannotOpen("\(what): \(String(cString: strerror(errno)).lowercased())")
        }
    }
}
