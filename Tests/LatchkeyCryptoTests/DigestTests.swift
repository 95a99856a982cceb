// DigestTests.swift: plain hashing against FIPS 180-4's own examples.

import Testing

@testable import LatchkeyCrypto

struct DigestTests {
    @Test(
        "The examples of FIPS 180-4",
        arguments: [
            (HashAlgorithm.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                .sha512, "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ]
    )
    func examples(algorithm: HashAlgorithm, message: String, digest: String) {
        #expect(Hex.encode(Digest.hash(Array(message.utf8), with: algorithm)) == digest)
        #expect(digest.utf8.count == 2 * algorithm.digestLength)
    }
}
