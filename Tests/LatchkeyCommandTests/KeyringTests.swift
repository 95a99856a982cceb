// KeyringTests.swift: a vault's key in the kernel: where the kernel lets us, and where a container forbids it.
import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCommand

@Suite("The kernel's keyring")
struct KeyringTests {
    /// Runs a program whose calls of add_key, request_key and keyctl are refused, as Docker's default filter does.
    private static let filter = #"""
        import ctypes, os, struct, sys
        calls, machine = ((248, 249, 250), 0xC000003E) if os.uname().machine == "x86_64" else ((217, 218, 219), 0xC00000B7)
        step = lambda code, yes, no, value: struct.pack("HBBI", code, yes, no, value)
        program = step(0x20, 0, 0, 4) + step(0x15, 1, 0, machine) + step(0x06, 0, 0, 0x7FFF0000) + step(0x20, 0, 0, 0)
        for place, call in enumerate(calls): program += step(0x15, len(calls) - place, 0, call)
        program += step(0x06, 0, 0, 0x7FFF0000) + step(0x06, 0, 0, 0x00050000 | 1)
        buffer = ctypes.create_string_buffer(program)
        class Filter(ctypes.Structure): _fields_ = [("count", ctypes.c_ushort), ("steps", ctypes.c_void_p)]
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(38, 1, 0, 0, 0) == 0
        value = Filter(len(program) // 8, ctypes.addressof(buffer))
        assert libc.prctl(22, 2, ctypes.byref(value), 0, 0) == 0, ctypes.get_errno()
        os.execv(sys.argv[1], sys.argv[1:])
        """#

    @Test("Where the kernel keeps no keys, one sentence says so, and the passphrase still opens the vault")
    func forbidden() throws {
        try Places.withFolder { folder in
            let environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
            func run(_ words: [String], _ input: String) throws -> Subprocess.Output {
                try Subprocess.run(
                    "/usr/bin/python3",
                    ["-c", Self.filter, Places.binary.path] + words,
                    stdin: Array(input.utf8),
                    environment: environment
                )
            }
            let secret = "\(TerminalTests.secret)\npw\n"
            let added = try run(["token", "add", "ann", "--secret-stdin", "--passphrase-fd", "0"], secret)
            #expect(added.status == 0, "\(added.stderr)")
            let unlocked = try run(["token", "unlock", "--passphrase-fd", "0"], "pw\n")
            #expect(unlocked.status == 3)
            #expect(unlocked.stderr.contains("lets no program keep keys in its kernel, as is usual in containers"))
            let listed = try run(["token", "list", "--passphrase-fd", "0"], "pw\n")
            #expect(listed.status == 0 && listed.stdout.hasPrefix("ann "))
            let locked = try run(["token", "lock"], "")
            #expect(locked.status == 0 && locked.stdout == "the vault was locked already\n")
        }
    }
}
