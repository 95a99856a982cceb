// EncryptedTests.swift: encrypted files that Python's `cryptography` made, read by us; and ours, read by it.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import LatchkeyTokens

@Suite("Encrypted files of tokens")
struct EncryptedTests {
    private static let packages = ["cryptography==43.0.3"]

    /// Makes one file of each kind with the password `qwerty`, each on a line in hexadecimal.
    private static let writer = #"""
        import base64, hashlib, hmac, json, os
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
        B32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        b64 = lambda b: base64.b64encode(b).decode()
        def gcm(key, text):
            nonce = os.urandom(12)
            return nonce, AESGCM(key).encrypt(nonce, text, None)
        # Aegis
        db = json.dumps({"version": 3, "groups": [{"uuid": "g", "name": "Work"}], "entries": [{"type": "totp", "name": "ann",
            "issuer": "Acme", "note": "", "groups": ["g"],
            "info": {"secret": B32, "algo": "SHA1", "digits": 6, "period": 30}}]}).encode()
        master, salt = os.urandom(32), os.urandom(32)
        nonce, box = gcm(Scrypt(salt=salt, length=32, n=32768, r=8, p=1).derive(b"qwerty"), master)
        n2, box2 = gcm(master, db)
        print(json.dumps({"version": 1, "header": {"slots": [{"type": 2, "key": ""}, {"type": 1, "uuid": "u", "n": 32768, "r": 8,
            "p": 1, "salt": salt.hex(), "key": box[:-16].hex(), "key_params": {"nonce": nonce.hex(), "tag": box[-16:].hex()}}],
            "params": {"nonce": n2.hex(), "tag": box2[-16:].hex()}}, "db": b64(box2[:-16])}).encode().hex())
        # 2FAS
        salt = os.urandom(256)
        nonce, box = gcm(hashlib.pbkdf2_hmac("sha256", b"qwerty", salt, 10000, 32), json.dumps([{"name": "Acme", "secret": B32,
            "otp": {"account": "ann", "tokenType": "TOTP"}}]).encode())
        print(json.dumps({"services": [], "schemaVersion": 4, "servicesEncrypted": ":".join(map(b64, [box, salt, nonce]))}).encode().hex())
        # andOTP, new and old
        text = json.dumps([{"secret": B32, "issuer": "Acme", "label": "ann", "type": "TOTP", "digits": 6, "period": 30}]).encode()
        salt, rounds = os.urandom(12), 150123
        nonce, box = gcm(hashlib.pbkdf2_hmac("sha1", b"qwerty", salt, rounds, 32), text)
        print((rounds.to_bytes(4, "big") + salt + nonce + box).hex())
        nonce, box = gcm(hashlib.sha256(b"qwerty").digest(), text)
        print((nonce + box).hex())
        # PSKC
        def cbc(key, text):
            iv, pad = os.urandom(16), 16 - len(text) % 16
            e = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
            return iv + e.update(text + bytes([pad]) * pad) + e.finalize()
        salt, mackey = os.urandom(8), os.urandom(20)
        key = hashlib.pbkdf2_hmac("sha1", b"qwerty", salt, 1000, 16)
        def value(text, mac=False):
            box = cbc(key, text)
            method = '<x:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
            data = method + '<x:CipherData><x:CipherValue>%s</x:CipherValue></x:CipherData>' % b64(box)
            if mac: return data
            return "<EncryptedValue>%s</EncryptedValue><ValueMAC>%s</ValueMAC>" % (data, b64(hmac.digest(mackey, box, "sha1")))
        print(('''<?xml version="1.0"?><KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"
            xmlns:x="http://www.w3.org/2001/04/xmlenc#" xmlns:d="http://www.w3.org/2009/xmlenc11#"
            xmlns:k="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"><EncryptionKey><d:DerivedKey>
            <d:KeyDerivationMethod Algorithm="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"><k:PBKDF2-params>
            <Salt><Specified>%s</Specified></Salt><IterationCount>1000</IterationCount><KeyLength>16</KeyLength><PRF/>
            </k:PBKDF2-params></d:KeyDerivationMethod></d:DerivedKey></EncryptionKey>
            <MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"><MACKey>%s</MACKey></MACMethod><KeyPackage>
            <Key Id="ann" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><Issuer>Acme</Issuer><Data><Secret>%s</Secret></Data>
            </Key></KeyPackage></KeyContainer>''' % (b64(salt), value(mackey, True), value(b"12345678901234567890"))).encode().hex())
        """#

    @Test("What Python encrypted opens with the password, not without it and not with another")
    func opens() throws {
        let lines = try PythonEnvironment.run(Self.writer, with: Self.packages).lines
        #expect(lines.count == 5)
        for (number, line) in lines.enumerated() {
            let bytes = try Hex.decode(String(line), .strict)
            let file = TokenFile(bytes: bytes)
            let result = try TokenImport(reading: [file], passphrase: TokenKey(Secret(utf8: "qwerty")))
            #expect(result.refused == [], "file \(number)")
            let token = try #require(result.tokens.first?.token, "file \(number)")
            #expect(token.title == "Acme:ann")
            #expect(try token.code(at: UnixTime(59)).text == "287082")
            #expect(throws: TokenFileError.self) { try TokenImport(reading: [file]) }
            #expect(throws: TokenFileError.self) {
                try TokenImport(reading: [file], passphrase: TokenKey(Secret(utf8: "qwertz")))
            }
        }
    }

    @Test("One changed byte of a PSKC value condemns the whole container by its MAC")
    func forged() throws {
        let lines = try PythonEnvironment.run(Self.writer, with: Self.packages).lines
        let text = String(decoding: try Hex.decode(String(lines[4]), .strict), as: UTF8.self)
        let mark = try #require(text.utf8.indices.last { text.utf8[$0...].starts(with: "<x:CipherValue>".utf8) })
        let place = text.utf8.index(mark, offsetBy: 20)
        var bytes = Array(text.utf8)
        let offset = text.utf8.distance(from: text.utf8.startIndex, to: place)
        bytes[offset] = bytes[offset] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        #expect(throws: TokenFileError.forged(.pskc, at: "Secret on line 8")) {
            try TokenImport(reading: [TokenFile(bytes: bytes)], passphrase: TokenKey(Secret(utf8: "qwerty")))
        }
    }

    private static let reader = #"""
        import base64, json, sys
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
        v = json.load(sys.stdin)
        s, p, h = v["header"]["slots"][0], v["header"]["params"], bytes.fromhex
        k = Scrypt(salt=h(s["salt"]), length=32, n=s["n"], r=s["r"], p=s["p"]).derive(b"qwerty")
        m = AESGCM(k).decrypt(h(s["key_params"]["nonce"]), h(s["key"]) + h(s["key_params"]["tag"]), None)
        db = json.loads(AESGCM(m).decrypt(h(p["nonce"]), base64.b64decode(v["db"]) + h(p["tag"]), None))
        for e in db["entries"]: print(e["issuer"], e["name"], e["type"], e["info"]["secret"], e["info"]["digits"])
        """#

    @Test("The vault of Aegis that we encrypt, Python opens")
    func writes() throws {
        let token = try Token(
            issuer: "Acme",
            name: "ann",
            key: TokenKey(Secret(utf8: "12345678901234567890")),
            digits: 8
        )
        let export = try TokenExport.aegis([token], passphrase: TokenKey(Secret(utf8: "qwerty")))
        let output = try PythonEnvironment.run(Self.reader, with: Self.packages, stdin: Array(export.texts[0].utf8))
        #expect(output.stdout == "Acme ann totp GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ 8\n")
    }
}
