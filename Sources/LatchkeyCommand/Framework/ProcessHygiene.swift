// ProcessHygiene.swift: what the process does to itself before it reads anything.
internal import CLatchkeySystem
internal import Glibc

/// The process's own precautions.
enum ProcessHygiene {
    /// Takes the precautions: no core file, no reading of the memory by other processes of the same user, no death by a closed
    /// pipe, and no file of ours under a standard stream's number.
    static func begin() {
        _ = latchkey_refuse_dumps()
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = latchkey_ignore_signal(SIGPIPE)
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // A closed stream stays unusable: this one answers EBADF to reading or to writing, as a closed one does.
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }

    /// Overwrites secrets among the process's arguments, so that `ps` shows them no longer.
    ///
    /// - Parameter places: The word's number without the program's name, and how many of its bytes stay.
    static func wipeArguments(_ places: [(word: Int, offset: Int)]) {
        for place in places {
            let number = place.word + 1
            guard number < CommandLine.argc, let word = CommandLine.unsafeArgv[number] else { continue }
            let count = strlen(word)
            guard place.offset < count else { continue }
            latchkey_wipe(word + place.offset, count - place.offset)
        }
    }

    /// The process's arguments without the program's name.
    static func arguments() throws(Failure) -> [String] {
        var words: [String] = []
        for number in stride(from: 1, to: Int(CommandLine.argc), by: 1) {
            guard let word = CommandLine.unsafeArgv[number] else { break }
            guard let text = String(validatingCString: word) else {
                throw .misused("word \(number) of the command line is not UTF-8; write names and paths in UTF-8")
            }
            words.append(text)
        }
        return words
    }

    /// Ends the process by a signal, as if it had not been caught.
    static func end(by signal: Int32) -> Never {
        _ = latchkey_on_signal(signal, nil)
        _ = raise(signal)
        exit(128 + signal)
    }

    /// The path of the running program.
    static var program: String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { path in
                path.baseAddress.map { readlink("/proc/self/exe", $0, path.count) } ?? -1
            }
        }
        guard count > 0, count < buffer.count else { return nil }
        return String(validating: buffer[..<count], as: UTF8.self)
    }
}
