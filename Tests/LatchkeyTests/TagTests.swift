// TagTests.swift: tags of users and devices: added, replaced, taken away, counted and paged; and users who get a new name.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Tags, and users who change", .everyDatabase)
struct TagTests {
    typealias Tag = Latchkey.Tag

    static func tags(_ count: Int, _ prefix: String = "key") -> [Tag] {
        (0..<count).map { Tag(key: "\(prefix)-\($0)", value: "\($0)") }
    }

    static let refused: [([Tag], String)] = [
        ([Tag(key: "", value: "")], "ValidationError"),
        ([Tag(key: String(repeating: "k", count: 129), value: "")], "ValidationError"),
        ([Tag(key: "k", value: String(repeating: "v", count: 257))], "ValidationError"),
        ([Tag(key: "k*", value: "")], "ValidationError"),
        ([Tag(key: "k", value: "a\nb")], "ValidationError"),
        ([Tag(key: "aws:owner", value: "")], "InvalidInput"),
        ([Tag(key: "AWS:owner", value: "")], "InvalidInput"),
        ([Tag(key: "k", value: "1"), Tag(key: "K", value: "2")], "InvalidInput"),
    ]

    @Test("a tag is added, replaced without regard to case, listed by key and taken away")
    func userTags() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        try await test.perform(
            TagUser(userName: ann, tags: [Tag(key: "Team", value: "red"), Tag(key: "cost", value: "")])
        )
        try await test.perform(TagUser(userName: ann, tags: [Tag(key: "TEAM", value: "blue")]))
        let listed = try await test.perform(ListUserTags(userName: ann))
        #expect(listed.tags == [Tag(key: "cost", value: ""), Tag(key: "TEAM", value: "blue")])
        #expect(!listed.isTruncated && listed.marker == nil)
        #expect(try await test.perform(GetUser(userName: ann)).user.tags == listed.tags)
        try await test.perform(UntagUser(userName: ann, tagKeys: [try TagKey("team"), try TagKey("absent")]))
        #expect(try await test.perform(ListUserTags(userName: ann)).tags == [Tag(key: "cost", value: "")])
    }

    @Test("fifty tags are kept, the fifty-first is refused and changes nothing")
    func limit() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        try await test.perform(TagUser(userName: ann, tags: Self.tags(50)))
        let one = TagUser(userName: ann, tags: [Tag(key: "KEY-7", value: "new"), Tag(key: "more", value: "")])
        #expect(try await test.fault(one)?.code == "LimitExceeded")
        #expect(try await test.fault(TagUser(userName: ann, tags: Self.tags(51)))?.code == "ValidationError")
        let keys = try (0..<51).map { try TagKey("key-\($0)") }
        #expect(try await test.fault(UntagUser(userName: ann, tagKeys: keys))?.code == "ValidationError")
        // Replacing needs no room.
        try await test.perform(TagUser(userName: ann, tags: [Tag(key: "KEY-7", value: "new")]))
        var seen: [Tag] = []
        var marker: Marker?
        repeat {
            let page = try await test.perform(
                ListUserTags(userName: ann, marker: marker, maxItems: try MaxItems(7))
            )
            #expect(page.tags.count == (page.isTruncated ? 7 : 1))
            seen += page.tags
            marker = page.marker
        } while marker != nil
        #expect(seen.count == 50 && Set(seen.map(\.key)).count == 50)
        #expect(seen.contains(Tag(key: "KEY-7", value: "new")))
    }

    @Test(
        "keys and values outside AWS's constraints, reserved keys and keys given twice are refused",
        arguments: refused
    )
    func constraints(_ tags: [Tag], _ code: String) async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        #expect(try await test.fault(TagUser(userName: ann, tags: tags))?.code == code)
        #expect(try await test.perform(ListUserTags(userName: ann)).tags.isEmpty)
    }

    @Test("whoever is not there, and root, has no tags")
    func nobody() async throws {
        let test = try await TestAuthority()
        for name in ["nobody", "root"] {
            let user = try UserName(name)
            #expect(try await test.fault(TagUser(userName: user, tags: Self.tags(1)))?.code == "NoSuchEntity")
            #expect(try await test.fault(UntagUser(userName: user, tagKeys: []))?.code == "NoSuchEntity")
            #expect(try await test.fault(ListUserTags(userName: user))?.code == "NoSuchEntity")
        }
    }

    @Test("a device has tags of its own, which end with it")
    func deviceTags() async throws {
        let test = try await TestAuthority()
        let create = CreateVirtualMFADevice(
            virtualMFADeviceName: try VirtualMFADeviceName("phone"),
            tags: [Tag(key: "a", value: "1")]
        )
        let serial = try await test.perform(create).virtualMFADevice.serialNumber
        try await test.perform(TagMFADevice(serialNumber: serial, tags: [Tag(key: "B", value: "2")]))
        let page = try await test.perform(ListMFADeviceTags(serialNumber: serial, maxItems: try MaxItems(1)))
        #expect(page.tags == [Tag(key: "a", value: "1")] && page.isTruncated)
        let next = try await test.perform(ListMFADeviceTags(serialNumber: serial, marker: page.marker))
        #expect(next.tags == [Tag(key: "B", value: "2")] && !next.isTruncated)
        try await test.perform(UntagMFADevice(serialNumber: serial, tagKeys: [try TagKey("A")]))
        #expect(try await test.perform(ListMFADeviceTags(serialNumber: serial)).tags == next.tags)
        #expect(
            try await test.fault(TagMFADevice(serialNumber: serial, tags: Self.tags(50)))?.code == "LimitExceeded"
        )
        try await test.perform(DeleteVirtualMFADevice(serialNumber: serial))
        #expect(try await test.fault(ListMFADeviceTags(serialNumber: serial))?.code == "NoSuchEntity")
        #expect(try await test.fault(TagMFADevice(serialNumber: serial, tags: []))?.code == "NoSuchEntity")
        #expect(try await test.fault(UntagMFADevice(serialNumber: serial, tagKeys: []))?.code == "NoSuchEntity")
        _ = try await test.perform(CreateVirtualMFADevice(virtualMFADeviceName: try VirtualMFADeviceName("phone")))
        #expect(try await test.perform(ListMFADeviceTags(serialNumber: serial)).tags.isEmpty)
    }

    @Test("a device tells whose it is, to its own user's name and to no other")
    func getDevice() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        let expected = GetMFADevice.Output(userName: ann, serialNumber: phone.serial, enableDate: test.clock.now)
        #expect(try await test.perform(GetMFADevice(serialNumber: phone.serial)) == expected)
        #expect(try await test.perform(GetMFADevice(serialNumber: phone.serial, userName: ann)) == expected)
        let root = GetMFADevice(serialNumber: phone.serial, userName: .root)
        #expect(try await test.fault(root)?.code == "NoSuchEntity")
        try await test.perform(DeactivateMFADevice(userName: ann, serialNumber: phone.serial))
        let free = try await test.perform(GetMFADevice(serialNumber: phone.serial))
        #expect(free.userName == nil && free.enableDate == nil)
    }

    @Test("a user who is renamed and moved keeps identifier, password, device, key and session")
    func rename() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        let key = try await AccessKeyTests.makeKey(test, ann)
        test.clock.advance(30)
        let session = try #require(try await test.signIn(ann, code: try phone.code()).session)
        let before = try await test.perform(GetUser(userName: ann)).user
        let anna = try UserName("Anna")
        try await test.perform(UpdateUser(userName: ann, newPath: try Path("/staff/"), newUserName: anna))
        let after = try await test.perform(GetUser(userName: anna)).user
        #expect(after.userId == before.userId && after.createDate == before.createDate)
        #expect(after.arn.text == "arn:aws:iam::123456789012:user/staff/Anna")
        #expect(try await test.fault(GetUser(userName: ann))?.code == "NoSuchEntity")
        let caller = try await test.authority.caller(ofSession: session.token)
        #expect(caller.auditName == after.arn.text)
        let (id, secret) = (key.accessKeyId.text, key.secretAccessKey.text)
        #expect(try await AccessKeyTests.authenticate(test, id, secret).auditName == after.arn.text)
        test.clock.advance(30)
        #expect(try await test.signIn(anna, code: try phone.code()).session?.userName == anna)
        #expect(try await test.signInFault(ann)?.code == "SignInRefused")
    }

    @Test("a new name may differ from the old in case alone, but not be another's or root")
    func renameCollisions() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        try await test.perform(CreateUser(userName: try UserName("bob")))
        func rename(_ from: String, _ to: String) async throws -> String? {
            try await test.fault(UpdateUser(userName: try UserName(from), newUserName: try UserName(to)))?.code
        }
        #expect(try await rename("ann", "BOB") == "EntityAlreadyExists")
        #expect(try await rename("ann", "Root") == "EntityAlreadyExists")
        #expect(try await rename("root", "eve") == "AccessDenied")
        #expect(try await rename("nobody", "eve") == "NoSuchEntity")
        #expect(try await rename("ann", "ANN") == nil)
        #expect(try await test.perform(GetUser(userName: ann)).user.userName.text == "ANN")
        // Nothing asked, nothing changed.
        try await test.perform(UpdateUser(userName: ann))
        #expect(try await test.perform(GetUser(userName: ann)).user.arn.text.hasSuffix(":user/ANN"))
    }
}
