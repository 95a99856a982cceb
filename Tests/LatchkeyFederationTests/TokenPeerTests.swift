// TokenPeerTests.swift: tokens made by PyJWT and joserfc, whole and changed, judged by both sides.
import LatchkeyCrypto
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@testable import LatchkeyFederation

@Suite("Tokens of other libraries")
struct TokenPeerTests {
    private static let packages = ["PyJWT==2.15.1", "cryptography==50.0.2", "joserfc==1.8.0"]

    /// For each algorithm and library: one line of `library TAB algorithm TAB keys TAB token TAB changed TAB verdict`.
    private static let script = """
        import json, random, sys
        import jwt
        from joserfc import jwt as jose
        from joserfc.jwk import RSAKey, ECKey, OKPKey, KeySet

        rng = random.Random(int(sys.argv[1]))
        keys = {
            "RS": RSAKey.generate_key(2048, {"use": "sig"}), "ES256": ECKey.generate_key("P-256", {"use": "sig"}),
            "ES384": ECKey.generate_key("P-384", {"use": "sig"}), "ES512": ECKey.generate_key("P-521", {"use": "sig"}),
            "EdDSA": OKPKey.generate_key("Ed25519", {"use": "sig"}),
        }
        for number in range(4):
            for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]:
                key = keys["RS" if alg[1:2] == "S" and alg[0] in "RP" else alg]
                kid = "key %d" % number
                public = dict(key.as_dict(private=False), kid=kid, alg=alg)
                published = json.dumps({"keys": [public]})
                claims = {"iss": "https://id.example", "sub": "s%d" % number, "aud": ["c"], "iat": 1000, "exp": 2000}
                for library in ("PyJWT", "joserfc"):
                    if library == "PyJWT":
                        secret = jwt.PyJWK(key.as_dict(private=True), algorithm=alg).key
                        token = jwt.encode(claims, secret, algorithm=alg, headers={"kid": kid})
                    else:
                        token = jose.encode({"alg": alg, "kid": kid}, claims, key, algorithms=[alg])
                    place = rng.randrange(len(token))
                    other = rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ")
                    way = rng.randrange(3)
                    changed = token[:place] + (other if way < 2 else "") + token[place + (way != 1):]
                    print("\\t".join([library, alg, published, token, changed]))
        """

    private func refusal(_ token: String, _ keys: String) -> String? {
        do throws(FederationError) {
            let token = try JWT(token)
            try KeySet(Array(keys.utf8)).check(token.jws, offered: [])
            let rules = TokenRules(issuer: "https://id.example", clientIDs: ["c"])
            _ = try rules.check(token.claims, at: 1_500)
            return nil
        } catch {
            return error.name
        }
    }

    @Test("are believed, and with one character changed are not", arguments: [1, 2])
    func peers(seed: Int) throws {
        let output = try PythonEnvironment.run(Self.script, ["\(seed)"], with: Self.packages)
        var count = 0
        for line in output.lines {
            let parts = line.split(separator: "\t").map(String.init)
            try #require(parts.count == 5)
            #expect(refusal(parts[3], parts[2]) == nil, "\(parts[0]) \(parts[1]) \(parts[3])")
            if parts[4] != parts[3] { #expect(refusal(parts[4], parts[2]) != nil, "\(parts[4])") }
            count += 1
        }
        #expect(count == 80)
    }
}
