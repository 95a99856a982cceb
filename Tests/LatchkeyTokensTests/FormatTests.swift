// FormatTests.swift: small files of every kind: what comes in, and where what cannot is refused.
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@testable import LatchkeyTokens

/// The key of RFC 4226 appendix D.
private let base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
private let hex = "3132333435363738393031323334353637383930"

@Suite("Files of tokens")
struct FormatTests {
    /// A file, its kind, and for each token its title, kind and code: of the time 59, or of its next counter.
    struct Sample: Sendable, CustomTestStringConvertible {
        let format: TokenFormat
        let text: String
        let tokens: [String]
        var refused: [String] = []
        var testDescription: String { "\(format.rawValue) \(tokens.count)" }
    }

    static let samples: [Sample] = [
        Sample(
            format: .uriList,
            text: "\u{FEFF}otpauth://totp/Acme:ann?secret=\(base32)&issuer=Acme\r\n\r\n# mine\nnonsense\n"
                + "otpauth://hotp/bob?secret=\(base32)&counter=9\notpauth://totp/again?secret=\(base32)\n",
            tokens: ["Acme:ann totp 287082", "bob hotp 520489"],
            refused: ["line 4", "duplicate line 6"]
        ),
        Sample(
            format: .aegis,
            text:
                #"{"version":1,"header":{"slots":null,"params":null},"db":{"version":2,"entries":[{"type":"totp","name":"ann","issuer":"Acme","note":"n","group":"Work","info":{"secret":"\#(base32)","algo":"SHA1","digits":8,"period":30}},{"type":"hotp","name":"bob","issuer":"","info":{"secret":"\#(base32)","algo":"SHA1","digits":6,"counter":9}},{"type":"motp","name":"m","info":{}},{"type":"totp","name":"x","info":{"secret":"!","algo":"SHA1"}}]}}"#,
            tokens: ["Acme:ann totp 94287082", "bob hotp 520489"],
            refused: ["entry 3", "entry 4"]
        ),
        Sample(
            format: .twoFAS,
            text:
                #"{"services":[{"name":"Acme","secret":"\#(base32)","otp":{"account":"ann","digits":6,"period":30,"algorithm":"SHA1","tokenType":"TOTP"}},{"name":"Old","secret":"GEZDGNBVGY3TQOJQ","otp":{}}],"schemaVersion":4}"#,
            tokens: ["Acme:ann totp 287082", "Old totp 263420"]
        ),
        Sample(
            format: .andOTP,
            text:
                #"[{"secret":"\#(base32)","label":"Acme - ann","digits":6,"type":"TOTP","algorithm":"SHA1","period":30,"tags":[]},{"secret":"\#(base32)","issuer":"B","label":"b","type":"HOTP","counter":1}]"#,
            tokens: ["Acme:ann totp 287082", "B:b hotp 287082"]
        ),
        Sample(
            format: .freeOTPPlus,
            text:
                #"{"tokenOrder":["a"],"tokens":[{"algo":"SHA1","counter":8,"digits":6,"issuerExt":"Acme","label":"ann","period":30,"secret":[49,50,51,52,53,54,55,56,57,48,49,50,51,52,53,54,55,56,57,48],"type":"HOTP"},{"label":"x","secret":[-129],"type":"TOTP"}]}"#,
            tokens: ["Acme:ann hotp 520489"],
            refused: ["entry 2"]
        ),
        Sample(
            format: .bitwardenJSON,
            text:
                #"{"encrypted":false,"folders":[],"items":[{"name":"Acme","login":{"username":"ann","totp":"\#(base32)"}},{"name":"none","login":{"totp":null}},{"name":"S","login":{"username":"s","totp":"steam://\#(base32)"}}]}"#,
            tokens: ["Acme:ann totp 287082", "S:s steam \(steamCode)"]
        ),
        Sample(
            format: .onePassword,
            text:
                #"{"accounts":[{"vaults":[{"items":[{"overview":{"title":"Acme"},"details":{"loginFields":[{"designation":"username","value":"ann"}],"sections":[{"fields":[{"value":{"totp":"otpauth://totp/?secret=\#(base32)"}}]}]}}]}]}]}"#,
            tokens: ["Acme:ann totp 287082"]
        ),
        Sample(
            format: .managerCSV,
            text: "folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n"
                + ",,login,\"Acme, Inc\",\"two\nlines\",,0,,ann,pw,\(base32)\n,,login,None,,,0,,x,pw,\n,,login,Bad,,,0,,x,pw,1!\n",
            tokens: ["Acme, Inc:ann totp 287082"],
            refused: ["line 5"]
        ),
        Sample(
            format: .googleAuthenticatorPAM,
            text: "\(base32)\n\" RATE_LIMIT 3 30\n\" HOTP_COUNTER 9\n12345678\n",
            tokens: ["google-authenticator hotp 520489"]
        ),
        Sample(
            format: .usersOATH,
            text:
                "# users\nHOTP/T30 ann - \(hex)\nHOTP bob - \(hex) 8 399871 2026-11-23T20:46:42L\nHOTP/T30 eve - 3132zz\n",
            tokens: ["ann totp 287082", "bob hotp 520489"],
            refused: ["line 4"]
        ),
        Sample(
            format: .yubicoTraditional,
            text: "LOGGING START,2026-01-01 10:00\nOATH-HOTP,2026-01-01 10:00,1,cccc,,\(hex),,,0,0,0,6,0\n"
                + "Yubico OTP,2026-01-01 10:01,1,cccc,,\(hex),,,0,0,0,0,0\n",
            tokens: ["Yubico:cccc hotp 755224"],
            refused: ["line 3"]
        ),
        Sample(
            format: .yubico,
            text:
                "# ykksm 1\n508326,,0,\(hex),,2026-01-01T10:00:00,\n508327,cccc,8792ebfe26cc,\(hex),,2026-01-01T10:00:00,\n",
            tokens: ["Yubico:508326 hotp 755224"],
            refused: ["line 3"]
        ),
        Sample(
            format: .feitian,
            text: "1000001\t\(hex)\n1000001 \(hex)00\n1000002 31\n",
            tokens: ["Feitian:1000001 totp 287082", "Feitian:1000002 totp \(shortCode)"],
            refused: ["duplicate line 2"]
        ),
        Sample(
            format: .oathCSV,
            text:
                "# a list\nT1, \(hex), totp, 8, 30\nH1,\(hex),hotp,6,9\nO1,\(hex),ocra,OCRA-1:HOTP-SHA1-6:QA10\nH2,zz,hotp,6,0\n",
            tokens: ["T1 totp 94287082", "H1 hotp 520489"],
            refused: ["line 4", "line 5"]
        ),
        Sample(
            format: .entraCSV,
            text:
                "upn,serial number,secret key,time interval,manufacturer,model\r\nann@acme,GAHT1,\(base32),30,Contoso,H\r\n",
            tokens: ["Contoso:GAHT1 totp 287082"]
        ),
        Sample(
            format: .safeNet,
            text: "<?xml version=\"1.0\"?>\n<Tokens><Token serial=\"S1\"><Applications><Application><Seed>\(hex)</Seed>"
                + "<MovingFactor>9</MovingFactor></Application></Applications></Token>\n<Token serial=\"S2\"/></Tokens>",
            tokens: ["SafeNet:S1 hotp 520489"],
            refused: ["token 2 (line 3)"]
        ),
        Sample(
            format: .pskc,
            text: """
                <?xml version="1.0" encoding="UTF-8"?>
                <p:KeyContainer Version="1.0" xmlns:p="urn:ietf:params:xml:ns:keyprov:pskc">
                <p:KeyPackage><p:DeviceInfo><p:Manufacturer>Acme</p:Manufacturer><p:SerialNo>987</p:SerialNo></p:DeviceInfo>
                <p:Key Id="1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp"><p:Issuer>Issuer</p:Issuer>
                <p:AlgorithmParameters><p:ResponseFormat Length="8" Encoding="DECIMAL"/></p:AlgorithmParameters>
                <p:Data><p:Secret><p:PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</p:PlainValue></p:Secret>
                <p:Counter><p:PlainValue>0</p:PlainValue></p:Counter></p:Data></p:Key></p:KeyPackage>
                <p:KeyPackage><p:Key Id="2" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:pin"><p:Data/></p:Key></p:KeyPackage>
                </p:KeyContainer>
                """,
            tokens: ["Issuer:987 hotp 84755224"],
            refused: ["key package 2 (line 8)"]
        ),
    ]

    /// The 31-bit number of RFC 6238's key at 59 is 94287082 mod 10^8; its five letters are the engine's own affair.
    private static let steamCode =
        (try? SteamGuard(secret: Secret(Array("12345678901234567890".utf8))).code(at: UnixTime(59)).text) ?? ""
    private static let shortCode = (try? TOTP(secret: Secret([0x31])).code(at: UnixTime(59)).text) ?? ""

    @Test("A file's kind is told by its content, and every record is read or refused", arguments: samples)
    func reads(_ sample: Sample) throws {
        let result = try TokenImport(reading: [TokenFile(bytes: Array(sample.text.utf8))])
        #expect(result.formats == [sample.format])
        let found = try result.tokens.map { entry in
            "\(entry.token.title) \(entry.token.kind.rawValue) \(try entry.token.code(at: UnixTime(59)).text)"
        }
        #expect(found == sample.tokens)
        #expect(result.refused.map(\.place) + result.duplicates.map { "duplicate \($0.place)" } == sample.refused)
        for record in result.refused { #expect(!record.reason.contains(base32) && !record.reason.contains(hex)) }
    }

    @Test(
        "What is no file of tokens is refused as a whole, with the place where there is one",
        arguments: [
            ("", "empty"), ("hello\n", "no list of URIs"), ("{\"a\":1,}", "line 1, column 8"),
            ("{}", "members of no export"),
            ("<a>", "line 1"), ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "document type"),
            ("<a/>", "neither PSKC"),
            ("PK\u{3}\u{4}", "ZIP"), ("a,\"b\nc", "line 1: a quote"), ("\u{0}", "neither text nor a picture"),
            ("{\"encrypted\":true,\"items\":[]}", "encrypted"), ("{\"kdfParams\":{},\"encryptedData\":\"\"}", "Ente"),
        ]
    ) func refuses(_ text: String, _ reason: String) {
        do {
            _ = try TokenImport(reading: [TokenFile(bytes: Array(text.utf8))])
            Issue.record("it was read")
        } catch {
            #expect("\(error)".contains(reason), "\(error)")
        }
    }
}
