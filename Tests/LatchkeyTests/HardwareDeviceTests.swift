// HardwareDeviceTests.swift: devices with a maker's serial and seed, with codes by oathtool.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Hardware devices", .everyDatabase)
struct HardwareDeviceTests {
    static let seed = "00112233445566778899aabbccddeeff00112233"

    static func register(_ serial: String, _ parameters: DeviceParameters? = nil) throws -> RegisterHardwareDevice {
        RegisterHardwareDevice(
            serialNumber: try SerialNumber(serial),
            seed: SecretText(seed),
            seedEncoding: .hex,
            parameters: parameters
        )
    }

    /// The codes of two steps, by oathtool.
    static func codes(_ test: TestAuthority, _ step: Int64 = 0) throws -> (AuthenticationCode, AuthenticationCode) {
        let time = test.clock.now.adding(seconds: step * 30).seconds
        let codes = try OpenSSLTool.run("oathtool", ["--totp", "-w", "1", "-N", "@\(time)", seed])
            .split(separator: "\n")
        return (try AuthenticationCode(String(codes[0])), try AuthenticationCode(String(codes[1])))
    }

    static func enable(_ test: TestAuthority, _ user: UserName, _ serial: String) throws -> EnableMFADevice {
        let (first, second) = try codes(test)
        return EnableMFADevice(
            userName: user,
            serialNumber: try SerialNumber(serial),
            authenticationCode1: first,
            authenticationCode2: second
        )
    }

    @Test("a registered device is enabled with two codes, signs in, is resynchronised, taken away and unregistered")
    func life() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let serial = try SerialNumber("GAHT12345678")
        #expect(try await test.fault(try Self.enable(test, ann, serial.text))?.code == "NoSuchEntity")
        try await test.perform(try Self.register(serial.text))
        #expect(try await test.fault(try Self.register("gaht12345678"))?.code == "EntityAlreadyExists")
        #expect(try await test.perform(ListVirtualMFADevices()).virtualMFADevices.isEmpty)
        #expect(try await test.perform(GetMFADevice(serialNumber: serial)).userName == nil)
        try await test.perform(try Self.enable(test, ann, serial.text))
        let expected = MFADevice(userName: ann, serialNumber: serial, enableDate: test.clock.now)
        #expect(try await test.perform(ListMFADevices(userName: ann)).mfaDevices == [expected])
        test.clock.advance(90)
        #expect(try await test.signIn(ann).challenge != nil)
        let code = SecretText(try Self.codes(test).0.text)
        #expect(try await test.signIn(ann, code: code).session?.mfa == test.clock.now)
        #expect(try await test.signInFault(ann, code: code)?.reason == "replayed_code")
        // The device's clock runs ten minutes ahead.
        let ahead = try Self.codes(test, 20)
        func resync(_ codes: (AuthenticationCode, AuthenticationCode)) -> ResyncMFADevice {
            ResyncMFADevice(
                userName: ann,
                serialNumber: serial,
                authenticationCode1: codes.0,
                authenticationCode2: codes.1
            )
        }
        #expect(try await test.fault(resync((ahead.1, ahead.0)))?.code == "InvalidAuthenticationCode")
        try await test.perform(resync(ahead))
        let unregister = UnregisterHardwareDevice(serialNumber: serial)
        #expect(try await test.fault(unregister)?.code == "DeleteConflict")
        #expect(try await test.fault(DeleteVirtualMFADevice(serialNumber: serial))?.code == "InvalidInput")
        try await test.perform(TagMFADevice(serialNumber: serial, tags: TagTests.tags(1)))
        _ = try await test.authority.rotateKeys(.file(test.keyFile))
        #expect(try await test.authority.check().isEmpty)
        try await test.perform(DeactivateMFADevice(userName: ann, serialNumber: serial))
        #expect(try await test.perform(ListMFADevices(userName: ann)).mfaDevices.isEmpty)
        try await test.perform(unregister)
        #expect(try await test.fault(unregister)?.code == "NoSuchEntity")
        try await test.perform(try Self.register(serial.text))
        #expect(try await test.perform(ListMFADeviceTags(serialNumber: serial)).tags.isEmpty)
    }

    @Test("wrong codes, and codes in the wrong order, enable nothing")
    func wrongCodes() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        try await test.perform(try Self.register("GAHT12345678"))
        var enable = try Self.enable(test, ann, "GAHT12345678")
        swap(&enable.authenticationCode1, &enable.authenticationCode2)
        #expect(try await test.fault(enable)?.code == "InvalidAuthenticationCode")
        #expect(try await test.perform(ListMFADevices(userName: ann)).mfaDevices.isEmpty)
    }

    @Test("a button-driven device goes on from the counter that it was registered with")
    func counter() async throws {
        let test = try await TestAuthority()
        var register = try Self.register("GAHT12345678", DeviceParameters(kind: .hotp))
        register.counter = 5_000
        try await test.perform(register)
        let codes = try OpenSSLTool.run("oathtool", ["--hotp", "-c", "5003", "-w", "1", Self.seed])
            .split(separator: "\n").map(String.init)
        let enable = EnableMFADevice(
            userName: .root,
            serialNumber: register.serialNumber,
            authenticationCode1: try AuthenticationCode(codes[0]),
            authenticationCode2: try AuthenticationCode(codes[1])
        )
        try await test.perform(enable)
        #expect(try await test.perform(ListMFADevices(userName: .root)).mfaDevices.count == 1)
    }

    @Test("a seed too short or unreadable, eight digits, an ARN for a serial and a senseless counter are refused")
    func refusals() async throws {
        let test = try await TestAuthority()
        func code(
            _ serial: String = "GAHT12345678",
            seed: String = Self.seed,
            encoding: RegisterHardwareDevice.SeedEncoding? = .hex,
            parameters: DeviceParameters? = nil,
            counter: Int64? = nil
        ) async throws -> String? {
            let register = RegisterHardwareDevice(
                serialNumber: try SerialNumber(serial),
                seed: SecretText(seed),
                seedEncoding: encoding,
                parameters: parameters,
                counter: counter
            )
            let fault = try await test.fault(register)
            #expect(fault.map { !$0.message.contains(seed) } ?? true)
            return fault?.code
        }
        #expect(try await code(seed: "00112233445566778899aabbccddee") == "InvalidInput")
        #expect(try await code(seed: "no seed at all, this one") == "InvalidInput")
        #expect(try await code(encoding: nil) == "InvalidInput", "0, 1, 8 and 9 are no Base32")
        #expect(try await code("arn:aws:iam::123456789012:mfa/x") == "InvalidInput")
        #expect(try await code("GAHT/12345678") == "InvalidInput")
        #expect(try await code(parameters: DeviceParameters(digits: 8)) == "InvalidInput")
        #expect(try await code(counter: 1) == "InvalidInput")
        #expect(try await code(parameters: DeviceParameters(kind: .hotp), counter: -1) == "InvalidInput")
        #expect(try await code(parameters: DeviceParameters(kind: .hotp), counter: .min) == "InvalidInput")
        #expect(try await code(seed: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", encoding: nil) == nil)
    }

    @Test("eight devices a user, root included, and no ninth", arguments: ["ann", "root"])
    func eight(_ name: String) async throws {
        let test = try await TestAuthority()
        let user = name == "root" ? UserName.root : try await test.makeUser(name)
        for number in 1...9 { try await test.perform(try Self.register("GAHT0000000\(number)")) }
        for number in 1...8 { try await test.perform(try Self.enable(test, user, "GAHT0000000\(number)")) }
        #expect(try await test.fault(try Self.enable(test, user, "GAHT00000009"))?.code == "LimitExceeded")
        let page = try await test.perform(ListMFADevices(userName: user, maxItems: try MaxItems(5)))
        let rest = try await test.perform(ListMFADevices(userName: user, marker: page.marker))
        #expect(page.mfaDevices.count == 5 && rest.mfaDevices.count == 3 && !rest.isTruncated)
    }

    @Test("a serial is an account's own: another account has the same one, with its own owner and tags")
    func walls() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let serial = try SerialNumber("GAHT12345678")
        try await test.perform(try Self.register(serial.text))
        try await test.perform(try Self.enable(test, ann, serial.text))
        let other = try await test.makeOtherAccount()
        try await test.perform(CreateUser(userName: ann), in: other)
        #expect(try await test.code(GetMFADevice(serialNumber: serial), in: other) == "NoSuchEntity")
        #expect(try await test.code(UnregisterHardwareDevice(serialNumber: serial), in: other) == "NoSuchEntity")
        try await test.perform(try Self.register(serial.text), in: other)
        try await test.perform(TagMFADevice(serialNumber: serial, tags: TagTests.tags(1)), in: other)
        #expect(try await test.perform(ListMFADeviceTags(serialNumber: serial)).tags.isEmpty)
        #expect(try await test.perform(GetMFADevice(serialNumber: serial), in: other).userName == nil)
        try await test.perform(UnregisterHardwareDevice(serialNumber: serial), in: other)
        #expect(try await test.perform(GetMFADevice(serialNumber: serial)).userName == ann)
    }
}
