// Doctor.swift: the examinations of `latchkey doctor`, each of which ends in one finding or more.
internal import CLatchkeySystem
internal import Glibc
internal import Latchkey
internal import LatchkeyStore

/// Examines the machine and the settings under which one call was made.
struct Doctor {
    let call: Invocation
    let location: StoreLocation
    let now: Int64

    init(_ call: Invocation) throws {
        self.call = call
        location = try StoreLocation(try call.settings.text(.store))
        now = Int64(time(nil))
    }

    /// Every finding, in the order in which a cause comes before what it causes.
    func examine() throws -> [Finding] {
        [clock(), entropy()] + (try keyAndStore()) + disk() + (try hashing()) + (try certificate()) + (try listening())
    }

    // MARK: The machine

    private static let year2025: Int64 = 1_735_689_600
    private static let year2100: Int64 = 4_102_444_800

    private func clock() -> Finding {
        guard (Self.year2025..<Self.year2100).contains(now) else {
            return Finding(
                "clock",
                .fault,
                "the clock says \(now) seconds since 1970, which cannot be: set it, or no code will be right"
            )
        }
        var isSynchronised: Int32 = 0
        var error = 0
        guard latchkey_clock_state(&isSynchronised, &error) == 0 else {
            return Finding(
                "clock",
                .warning,
                "the kernel does not say whether the clock is kept right: see `latchkey code --check-time SERVER`"
            )
        }
        guard isSynchronised != 0 else {
            return Finding(
                "clock",
                .warning,
                "nobody keeps the clock right as far as the kernel knows: start chrony or systemd-timesyncd"
            )
        }
        guard error < 2_000_000 else {
            return Finding(
                "clock",
                .warning,
                "the clock may be \(error / 1_000) ms off: see what the time service says"
            )
        }
        return Finding("clock", .fine, "the clock is kept right to within \(error / 1_000) ms")
    }

    private func entropy() -> Finding {
        latchkey_entropy_is_ready() == 1
            ? Finding("entropy", .fine, "the kernel's generator is seeded")
            : Finding(
                "entropy",
                .fault,
                "the kernel's generator is not seeded yet: give the machine a source such as virtio-rng"
            )
    }

    // MARK: Key and store

    private func keyAndStore() throws -> [Finding] {
        let (source, text) = (try call.masterKeySource(), location.text)
        let seen = try blocking { await Authority.inspect(text, masterKey: source) }
        var findings = [key(source, seen)]
        if seen.key == nil, seen.isRotating {
            findings.append(
                Finding("key", .warning, "a rotation was prepared or begun: call `latchkey store rotate-key` to end it")
            )
        }
        if !seen.unsafeSettings.isEmpty {
            let names = seen.unsafeSettings.map { "`\($0)`" }.joined(separator: " and ")
            findings.append(
                Finding(
                    "disk",
                    .fault,
                    "the database's server has \(names) off and may lose what it confirmed: turn it on"
                )
            )
        }
        return findings + (try store(seen))
    }

    private func key(_ source: MasterKeySource, _ seen: StoreInspection) -> Finding {
        if let fault = seen.key { return Finding("key", .unusable, Failure(fault).sentence) }
        guard case .file(let path) = source else {
            return Finding(
                "key",
                .warning,
                "the master key is in the environment, where it is easily seen: put it into a file of mode 0600"
            )
        }
        if let folder, folder == Self.folder(of: path) {
            return Finding(
                "key",
                .warning,
                "`\(path)` is in the store's folder, so that one copy holds both: move the key to another folder"
            )
        }
        if seen.store != nil { return Finding("key", .fine, "`\(path)` holds a key, and only its owner may read it") }
        return Finding("key", .fine, "`\(path)` is the store's key, and only its owner may read it")
    }

    private func store(_ seen: StoreInspection) throws -> [Finding] {
        if let fault = seen.store { return [Finding("store", .unusable, Failure(fault).sentence)] }
        let schema = seen.schema ?? 0
        guard schema == seen.knownSchema else {
            return [
                Finding(
                    "store",
                    .warning,
                    "the store has schema \(schema) and gets \(seen.knownSchema) when it is next opened, after which an "
                        + "older latchkey refuses it: make a backup first"
                )
            ]
        }
        if seen.key != nil {
            return [Finding("store", .warning, "the store has schema \(schema); without its key it cannot be checked")]
        }
        do {
            let authority = try call.openAuthority()
            defer { try? blocking { await authority.close() } }
            let damage = try blocking { try await authority.check() }
            guard damage.isEmpty else { return damage.map { Finding("store", .fault, $0) } }
        } catch {
            return [Finding("store", .unusable, Failure(error).sentence)]
        }
        return [Finding("store", .fine, "`\(location.name)` is whole and has schema \(schema)")]
    }
}
