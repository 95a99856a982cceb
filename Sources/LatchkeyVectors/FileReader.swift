// FileReader.swift: files and directories through the system's own calls.

internal import Glibc

enum FileReader {
    /// More than any vector file has; a directory of one's own may hold anything.
    private static let largest = 64 << 20
    private static let deepest = 16

    /// Returns the content of a regular file.
    static func bytes(of path: String) throws(VectorError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "not a file") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            if bytes.count > largest { throw .unreadable(path: path, reason: "larger than 64 MiB") }
        }
    }

    static func isDirectory(_ path: String) throws(VectorError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path) }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// Returns the paths, below a directory and in byte order, of all files whose name ends so.
    static func names(under path: String, suffix: String) throws(VectorError) -> [String] {
        var found: [String] = []
        try walk(path, "", deepest) { if $0.utf8.reversed().starts(with: suffix.utf8.reversed()) { found.append($0) } }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func walk(
        _ root: String,
        _ below: String,
        _ depth: Int,
        _ visit: (String) -> Void
    ) throws(VectorError) {
        let here = below.isEmpty ? root : "\(root)/\(below)"
        guard depth > 0 else { throw .unreadable(path: here, reason: "directories are nested too deep") }
        guard let directory = opendir(here) else { throw failure(here) }
        defer { closedir(directory) }
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                if errno != 0 { throw failure(here) }
                return
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            // Hidden files are an editor's or a version control's.
            if name.utf8.first == UInt8(ascii: ".") { continue }
            let path = below.isEmpty ? name : "\(below)/\(name)"
            if try isDirectory("\(root)/\(path)") {
                try walk(root, path, depth - 1, visit)
            } else {
                visit(path)
            }
        }
    }

    private static func failure(_ path: String) -> VectorError {
        .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
}
