// SQLiteFile.swift: the file of a store: where it may be, who may read it, how it comes into being.

import Glibc

/// The place of a store's file.
///
/// Nothing here ever opens a file that SQLite may have open: closing any descriptor of a file drops every lock that the
/// process holds on it. A new file is therefore made under another name and linked into place.
struct SQLiteFile: Sendable {
    /// The absolute path.
    let path: String

    /// What SQLite may keep beside a file.
    private static let companions = ["-wal", "-shm", "-journal"]

    /// Reads a location, `sqlite:PATH`.
    init(location: String) throws(StoreError) {
        guard location.utf8.starts(with: "sqlite:".utf8) else {
            throw .cannotOpen("a store in a file is named `sqlite:PATH`: name one")
        }
        try self.init(relative: String(location.utf8.dropFirst("sqlite:".utf8.count)) ?? "")
    }

    /// Takes a path that counts from the working directory, as it is now, unless it is absolute.
    init(relative path: String) throws(StoreError) {
        guard !path.isEmpty, !path.utf8.contains(0), path.utf8.last != UInt8(ascii: "/") else {
            throw .cannotOpen("`\(path)` does not name a file: name one")
        }
        if path.utf8.first == UInt8(ascii: "/") {
            self.path = path
        } else {
            guard let here = getcwd(nil, 0) else { throw Self.failure("the working directory cannot be found") }
            defer { free(here) }
            self.path = String(cString: here) + "/" + path
        }
    }

    private init(absolute path: String) { self.path = path }

    /// The directory of the file.
    private var directory: String { Self.directory(of: path) }

    private static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    // MARK: Making

    /// Makes the file, empty, and the directories that it needs, unless there is something by that name.
    func create() throws(StoreError) {
        if try exists() { return }
        try makeDirectory()
        let temporary = try makeTemporary()
        defer { temporary.remove() }
        guard link(temporary.path, path) == 0 || errno == EEXIST else {
            throw Self.failure("`\(path)` cannot be made")
        }
        try synchronizeDirectory()
    }

    /// Makes the directory of the file, mode 0700, and those above it.
    func makeDirectory() throws(StoreError) { try Self.makeDirectory(directory) }

    private static func makeDirectory(_ path: String) throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 { return }
        guard errno == ENOENT else { throw failure("`\(path)` cannot be looked at") }
        try makeDirectory(directory(of: path))
        if mkdir(path, 0o700) == 0 {
            // The umask may have taken away what the owner needs.
            chmod(path, 0o700)
        } else if errno != EEXIST {
            throw failure("`\(path)` cannot be made")
        }
        try synchronize(directory(of: path), O_DIRECTORY)
    }

    /// Makes an empty file of mode 0600 beside this one.
    func makeTemporary() throws(StoreError) -> SQLiteFile {
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
            return SQLiteFile(absolute: temporary)
        }
        throw .cannotOpen("no file can be made in `\(directory)`: every name tried is taken")
    }

    /// Gives this file the name of another that is not there.
    ///
    /// SQLite must have neither open.
    func takeName(of target: SQLiteFile) throws(StoreError) {
        if link(path, target.path) != 0 {
            switch errno {
            case EEXIST: throw Self.occupied(target.path)
            // A file system without links: a name that appeared since it was looked for is lost.
            case EPERM, EOPNOTSUPP, ENOSYS:
                guard rename(path, target.path) == 0 else { throw Self.failure("`\(target.path)` cannot be made") }
            default: throw Self.failure("`\(target.path)` cannot be made")
            }
        }
        try target.synchronizeDirectory()
    }

    /// Removes the file and what SQLite kept beside it.
    func remove() {
        unlink(path)
        for suffix in Self.companions { unlink(path + suffix) }
    }

    // MARK: Looking

    /// Whether there is anything by this name.
    func exists() throws(StoreError) -> Bool {
        var status = stat()
        if lstat(path, &status) == 0 { return true }
        guard errno == ENOENT else { throw Self.failure("`\(path)` cannot be looked at") }
        return false
    }

    /// Refuses a place where there is something already; a log left there would be taken for the new file's.
    func requireNothingThere() throws(StoreError) {
        for suffix in [""] + Self.companions {
            let name = SQLiteFile(absolute: path + suffix)
            if try name.exists() { throw Self.occupied(name.path) }
        }
    }

    private static func occupied(_ path: String) -> StoreError {
        .cannotOpen("there is something at `\(path)` already: name a new file, or move that one away")
    }

    /// Refuses a file that is not there or that a stranger could read, change or exchange.
    func inspect() throws(StoreError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .missing(path) }
            throw Self.failure("`\(path)` cannot be looked at")
        }
        try Self.requireSafe(status, path)
        // SQLite takes a file of one byte for an empty one.
        guard status.st_size != 1 else { throw .notAStore(path) }
        // What SQLite keeps beside the file is as good as the file.
        for suffix in Self.companions {
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

    /// Whether SQLite keeps changes beside the file that are not in it yet.
    var hasLog: Bool {
        var status = stat()
        return lstat(path + "-wal", &status) == 0 && status.st_size > 0
    }

    /// Whether there is anything beside the file that belongs to its content.
    var hasCompanions: Bool {
        var status = stat()
        return Self.companions.contains { lstat(path + $0, &status) == 0 }
    }

    /// The path as a URI.
    var uri: String {
        let digits = [UInt8]("0123456789abcdef".utf8)
        var text = [UInt8]("file:".utf8)
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"):
                text.append(byte)
            default: text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The path without symbolic links in its directories, so that SQLite can be told to follow none.
    func resolved() throws(StoreError) -> String {
        guard let real = realpath(directory, nil) else { throw Self.failure("`\(directory)` cannot be looked at") }
        defer { free(real) }
        let name = path.utf8[
            path.utf8.index(path.utf8.startIndex, offsetBy: directory == "/" ? 0 : directory.utf8.count)...
        ]
        return String(cString: real) + (String(name) ?? "")
    }

    // MARK: Durability

    /// Makes the file's content durable.
    ///
    /// SQLite must not have it open.
    func synchronize() throws(StoreError) { try Self.synchronize(path, O_NOFOLLOW) }

    /// Makes new names in the file's directory durable.
    private func synchronizeDirectory() throws(StoreError) { try Self.synchronize(directory, O_DIRECTORY) }

    private static func synchronize(_ path: String, _ flags: Int32) throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw failure("`\(path)` cannot be opened") }
        defer { Glibc.close(descriptor) }
        // Some file systems do not make directories durable on demand and say so.
        guard fsync(descriptor) == 0 || (errno == EINVAL && flags == O_DIRECTORY) else {
            throw failure("`\(path)` cannot be made durable")
        }
    }

    /// The error for what the operating system just refused.
    private static func failure(_ what: String) -> StoreError {
        let reason = errno
        return switch reason {
        case ENOSPC, EDQUOT: .full
        case EROFS: .readOnly
        case EIO: .io(what)
        default: .cannotOpen("\(what) (\(String(cString: strerror(reason)).lowercased())): check the path")
        }
    }
}
