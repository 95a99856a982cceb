// KeyRotationTests.swift: new keys while the store is in use, and keys that are not the store's.
import Foundation
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Synchronization
import Testing

@testable import Latchkey

/// Something that has happened.
private final class Mark: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

@Suite("Keys", .everyDatabase)
struct KeyRotationTests {
    @Test("are rotated while another process has the store open, and nothing is left under the old ones")
    func rotation() async throws {
        let test = try await TestAuthority()
        let (ann, phone, recovery) = try await test.makeWholeUser("ann")
        let other = try await test.reopen()
        let oldKey = try Data(contentsOf: URL(fileURLWithPath: test.keyFile))
        let report = try await test.authority.rotateKeys(.file(test.keyFile))
        #expect(report == RotationReport(resealed: 2, resumed: false))
        #expect(try Data(contentsOf: URL(fileURLWithPath: test.keyFile)) != oldKey)
        let mode = try FileManager.default.attributesOfItem(atPath: test.keyFile)[.posixPermissions] as? Int
        #expect(mode == 0o600)

        // Both processes, and one that starts now, know the device.
        test.clock.advance(30)
        #expect(await other.signInFault(ann, code: try phone.code()) == nil)
        test.clock.advance(30)
        #expect(try await test.signInFault(ann, code: try phone.code()) == nil)
        let third = try await test.reopen()
        test.clock.advance(30)
        #expect(await third.signInFault(ann, code: try phone.code()) == nil)
        #expect(await third.signInFault(ann, recovery: recovery[0]) == nil)
        #expect(try await third.check() == [])
        let numbers = try await third.read { state throws(Fault) -> [[UInt8]] in
            let rows: [([UInt8])] = try state.rows("SELECT substr(seed, 1, 4) FROM mfa_devices")
            return rows
        }
        #expect(numbers == [[0, 0, 0, 2]])
        await other.close()
        await third.close()
    }

    @Test("that another process still holds are not used for new secrets once they are gone")
    func sealedByOther() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let other = try await test.reopen()
        _ = try await test.authority.rotateKeys(.file(test.keyFile))
        let call = other.call(by: test.local, for: TestAuthority.accountID, from: "local")
        let enrollment = try await other.perform(BeginEnrollment(userName: ann), call).enrollment
        let phone = try Phone(enrollment, test.clock)
        try await test.perform(ConfirmEnrollment(serialNumber: phone.serial, code: try phone.code()))
        test.clock.advance(30)
        #expect(try await test.signInFault(ann, code: try phone.code()) == nil)
        #expect(try await test.authority.check() == [])
        await other.close()
    }

    @Test("of before are refused, and a second rotation follows the first")
    func oldKey() async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        let old = test.folder + "/old.key"
        try FileManager.default.copyItem(atPath: test.keyFile, toPath: old)
        for _ in 0..<2 { _ = try await test.authority.rotateKeys(.file(test.keyFile)) }
        await #expect(throws: Fault.wrongMasterKey(.file(old))) {
            _ = try await Authority.open(
                test.location,
                masterKey: .file(old),
                world: test.authority.world,
                settings: test.authority.settings
            )
        }
        test.clock.advance(30)
        #expect(try await test.signInFault(ann, code: try phone.code()) == nil)
    }

    @Test("are rotated on after a crash at either end of the key file's change")
    func resumed() async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        // The file was written, the store was not: the new key stands before the old one.
        let present = try Data(contentsOf: URL(fileURLWithPath: test.keyFile))
        try MasterKey.create(at: test.folder + "/next.key")
        let next = try Data(contentsOf: URL(fileURLWithPath: test.folder + "/next.key"))
        try PrivateFile.replace(Array(next + present), at: test.keyFile)
        let second = try await test.reopen()
        #expect(try await second.rotateKeys(.file(test.keyFile)).resumed == false)
        #expect(try await second.check() == [])
        // The store was written, the old keys were not yet taken away.
        try await second.write { state throws(Fault) in
            do {
                let master = try MasterKeySource.file(test.keyFile).keys()[0]
                try state.vault.insert(state.transaction, Key(.random(count: 32)), id: 9, master: master)
            } catch {
                throw Fault(any: error)
            }
        }
        #expect(try await second.rotateKeys(.file(test.keyFile)).resumed)
        #expect(try await second.check() == [])
        test.clock.advance(30)
        #expect(await second.signInFault(ann, code: try phone.code()) == nil)
        await second.close()
    }

    @Test("from a transaction that was never committed seal and open nothing")
    func phantom() async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        // A key of the same number as the one that will be the store's second, known here alone.
        await #expect(throws: Fault.self) {
            try await test.authority.write { state throws(Fault) in
                do {
                    let master = try MasterKeySource.file(test.keyFile).keys()[0]
                    try state.vault.insert(state.transaction, Key(.random(count: 32)), id: 2, master: master)
                    try state.vault.load(state.transaction)
                } catch {
                    throw Fault(any: error)
                }
                throw .serviceFailure("not committed")
            }
        }
        let other = try await test.reopen()
        _ = try await other.rotateKeys(.file(test.keyFile))
        test.clock.advance(30)
        #expect(try await test.signInFault(ann, code: try phone.code()) == nil)
        let bob = try await test.makeUser("bob")
        let second = try await test.enroll(bob)
        test.clock.advance(30)
        #expect(await other.signInFault(bob, code: try second.code()) == nil)
        #expect(try await other.check() == [])
        await other.close()
    }

    @Test("are rotated by four processes at once, and the file's one key opens everything")
    func atOnce() async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        var nodes: [Authority] = [test.authority]
        for _ in 0..<3 { nodes.append(try await test.reopen()) }
        for round in 0..<3 {
            await withTaskGroup(of: Void.self) { group in
                for node in nodes {
                    group.addTask {
                        do throws(Fault) { _ = try await node.rotateKeys(.file(test.keyFile)) } catch {
                            Issue.record(error, "round \(round)")
                        }
                    }
                }
            }
            let fresh = try await test.reopen()
            #expect(try await fresh.check() == [])
            test.clock.advance(30)
            for node in [fresh] + nodes.shuffled().prefix(1) {
                test.clock.advance(30)
                #expect(await node.signInFault(ann, code: try phone.code()) == nil)
            }
            await fresh.close()
        }
        for node in nodes.dropFirst() { await node.close() }
    }

    /// An authority as another machine has it, with a key file of its own.
    private func machine(_ test: TestAuthority, _ keyFile: String) async throws -> Authority {
        try await Authority.open(
            test.location,
            masterKey: .file(keyFile),
            world: test.authority.world,
            settings: test.authority.settings
        )
    }

    private func copyKey(_ test: TestAuthority, to path: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: test.keyFile))
        try PrivateFile.replace(Array(bytes), at: path)
    }

    @Test("that were prepared and copied let another machine work on while they are rotated")
    func prepared() async throws {
        let test = try await TestAuthority()
        let (ann, phone, recovery) = try await test.makeWholeUser("ann")
        let path = test.folder + "/copy.key"
        try copyKey(test, to: path)
        let other = try await machine(test, path)
        for _ in 0..<2 { try await test.authority.prepareRotation(.file(test.keyFile)) }
        #expect(try MasterKeySource.file(test.keyFile).keys().count == 2)
        try copyKey(test, to: path)
        let report = try await test.authority.rotateKeys(.file(test.keyFile))
        #expect(report == RotationReport(resealed: 2, resumed: false))
        #expect(try MasterKeySource.file(test.keyFile).keys().count == 1)
        test.clock.advance(30)
        #expect(await other.signInFault(ann, code: try phone.code()) == nil)
        #expect(await other.signInFault(ann, recovery: recovery[0]) == nil)
        let call = other.call(by: test.local, for: TestAuthority.accountID, from: "local")
        _ = try await other.perform(CreateAccessKey(userName: ann), call)
        #expect(try await test.authority.check() == [])
        // The other machine's file takes part in the next rotation, and only its old half is to be taken away yet.
        #expect(try await other.rotateKeys(.file(path)) == RotationReport(resealed: 0, resumed: true))
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: URL(fileURLWithPath: test.keyFile))
        )
        await other.close()
    }

    @Test("that another machine was not given are asked for there, and used once they are there")
    func notCopied() async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        let path = test.folder + "/copy.key"
        try copyKey(test, to: path)
        let other = try await machine(test, path)
        _ = try await test.authority.rotateKeys(.file(test.keyFile))
        test.clock.advance(30)
        let fault = await other.signInFault(ann, code: try phone.code())
        #expect(fault == .staleMasterKey(.file(path)))
        #expect(fault?.message.contains("copy the key file") == true)
        try copyKey(test, to: path)
        #expect(await other.signInFault(ann, code: try phone.code()) == nil)
        await other.close()
    }

    @Test("of before are still known to a reading that began before they were rotated, and seal nothing for it")
    func oldReading() async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        let (began, rotated) = (Mark(), Mark())
        defer { rotated.set() }
        async let reading: Void = test.authority.read { state throws(Fault) in
            // The first question fixes the state that is seen.
            _ = try state.principal(ann, in: TestAuthority.accountID)
            began.set()
            while !rotated.isSet { usleep(1_000) }
            let principal = try state.principal(ann, in: TestAuthority.accountID)
            for device in try state.credentials(of: principal).devices { _ = try state.seed(of: device) }
        }
        while !began.isSet { try await Task.sleep(for: .milliseconds(1)) }
        let other = try await test.reopen()
        _ = try await other.rotateKeys(.file(test.keyFile))
        test.clock.advance(30)
        #expect(try await test.signInFault(ann, code: try phone.code()) == nil)
        rotated.set()
        try await reading
        try await test.perform(CreateAccessKey(userName: ann))
        #expect(try await other.check() == [])
        await other.close()
    }

    @Test("are rotated by one process of a machine at a time")
    func turns() async throws {
        let test = try await TestAuthority()
        let turn = try await PrivateFile.awaitTurn(inFolderOf: test.keyFile)
        let before = try Data(contentsOf: URL(fileURLWithPath: test.keyFile))
        let (authority, keyFile) = (test.authority, test.keyFile)
        let rotation = Task { try await authority.rotateKeys(.file(keyFile)) }
        try await Task.sleep(for: .milliseconds(200))
        #expect(try Data(contentsOf: URL(fileURLWithPath: test.keyFile)) == before)
        PrivateFile.endTurn(turn)
        #expect(try await rotation.value.resumed == false)
        #expect(try Data(contentsOf: URL(fileURLWithPath: test.keyFile)) != before)
    }

    @Test("that are not the store's change no byte of it")
    func wrongKey() async throws {
        let test = try await TestAuthority()
        _ = try await test.makeWholeUser("ann")
        await test.authority.close()
        let wrong = test.folder + "/wrong.key"
        try MasterKey.create(at: wrong)
        let before = try contents(test)
        await #expect(throws: Fault.wrongMasterKey(.file(wrong))) {
            _ = try await Authority.open(
                test.location,
                masterKey: .file(wrong),
                world: test.authority.world,
                settings: test.authority.settings
            )
        }
        await #expect(throws: Fault.self) {
            _ = try await Authority.restore(
                from: test.databaseFile,
                to: test.location,
                masterKey: .file(wrong),
                world: test.authority.world,
                settings: test.authority.settings
            )
        }
        #expect(try contents(test) == before)
    }

    /// The bytes of each file of the store.
    private func contents(_ test: TestAuthority) throws -> [String: Data] {
        if DatabaseKind.current == .postgreSQL { return ["": Data(try test.dump().utf8)] }
        let folder = test.folder + "/store"
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
            // The index of a log is memory that is shared by way of a file; an empty log says nothing.
            if name.hasSuffix("-shm") || bytes.isEmpty { continue }
            files[name] = bytes
        }
        return files
    }

    @Test("in a file that others may read, of a link, or without a key in it are refused", arguments: [0, 1, 2, 3])
    func unusable(_ kind: Int) async throws {
        let test = try await TestAuthority()
        let path = test.folder + "/other.key"
        let good = try Data(contentsOf: URL(fileURLWithPath: test.keyFile))
        switch kind {
        case 0:
            try PrivateFile.create(Array(good), at: path)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        case 1: try PrivateFile.create(Array("latchkey-master-key-1:AAAA\n".utf8), at: path)
        case 2: try PrivateFile.create(Array(good.dropLast(9)), at: path)
        default: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        await #expect(throws: Fault.self) {
            _ = try await Authority.open(
                test.location,
                masterKey: .file(path),
                world: test.authority.world,
                settings: test.authority.settings
            )
        }
    }
}
