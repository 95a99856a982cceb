// DoctorDisk.swift: where a store in a file lies: on what, with how much room, and whether what is written there lasts.
internal import CLatchkeySystem
internal import Glibc
internal import LatchkeyStore

extension Doctor {
    /// The folder of a store that is a file.
    var folder: String? {
        location.isPostgreSQL ? nil : Self.folder(of: String(location.text.dropFirst("sqlite:".count)))
    }

    static func folder(of path: String) -> String {
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
        guard let real = realpath(folder.isEmpty ? "/" : folder, nil) else { return folder }
        defer { free(real) }
        return String(cString: real)
    }

    func disk() -> [Finding] {
        guard let folder else { return [] }
        var kind = 0
        var bytes: UInt64 = 0
        var inodes: Int64 = 0
        guard latchkey_disk_state(folder, &kind, &bytes, &inodes) == 0 else {
            return [Finding("disk", .unusable, "`\(folder)` cannot be looked at: \(FileError.reason(errno))")]
        }
        var findings: [Finding] = []
        if let finding = Self.fileSystem(kind, folder) { findings.append(finding) }
        let mebibytes = bytes >> 20
        if mebibytes < 64 {
            findings.append(Finding("disk", .fault, "\(mebibytes) MiB are free in `\(folder)`: make room now"))
        } else if mebibytes < 1_024 {
            findings.append(Finding("disk", .warning, "\(mebibytes) MiB are free in `\(folder)`: make room soon"))
        }
        if (0..<1_000).contains(inodes) {
            findings.append(
                Finding(
                    "disk",
                    .fault,
                    "\(inodes) more files can be made in `\(folder)`: remove files that nobody needs"
                )
            )
        }
        findings.append(Self.durability(folder, mebibytes))
        return findings
    }

    /// What speaks against a kind of file system, by its number in `statfs(2)`.
    private static func fileSystem(_ kind: Int, _ folder: String) -> Finding? {
        switch kind & 0xFFFF_FFFF {
        case 0x0102_1994, 0x8584_58F6:
            Finding("disk", .fault, "`\(folder)` is in memory and gone after a restart: keep the store on a disk")
        case 0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x517B:
            Finding(
                "disk",
                .fault,
                "`\(folder)` is on a network, where SQLite's locks cannot be trusted: use a local disk or PostgreSQL"
            )
        case 0x794C_7630:
            Finding("disk", .warning, "`\(folder)` is a container's own layer and gone with it: mount a volume there")
        default: nil
        }
    }

    private static func durability(_ folder: String, _ mebibytes: UInt64) -> Finding {
        let file = latchkey_open_nameless(folder)
        guard file >= 0 else {
            let reason = errno
            if reason == EOPNOTSUPP || reason == EISDIR {
                return Finding("disk", .fine, "\(mebibytes) MiB are free in `\(folder)`")
            }
            return Finding(
                "disk",
                .unusable,
                "nothing can be written in `\(folder)` (\(FileError.reason(reason))): see its owner and how it is mounted"
            )
        }
        defer { close(file) }
        let page = [UInt8](repeating: 0x4C, count: 4_096)
        let start = monotonic()
        for _ in 0..<4 {
            guard write(file, page, page.count) == page.count, fsync(file) == 0 else {
                let reason = FileError.reason(errno)
                return Finding(
                    "disk",
                    .unusable,
                    "nothing lasts that is written in `\(folder)` (\(reason)): see the disk"
                )
            }
        }
        let each = (monotonic() - start) / 4
        guard each < 100_000 else {
            return Finding("disk", .warning, "a durable write in `\(folder)` takes \(each) µs: sign-ins wait for it")
        }
        return Finding("disk", .fine, "\(mebibytes) MiB are free in `\(folder)`; a durable write takes \(each) µs")
    }

    /// Microseconds of a clock that only goes forward.
    static func monotonic() -> Int {
        var moment = timespec()
        clock_gettime(CLOCK_MONOTONIC, &moment)
        return moment.tv_sec * 1_000_000 + moment.tv_nsec / 1_000
    }
}
