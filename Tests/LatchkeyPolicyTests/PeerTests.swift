// PeerTests.swift: numbers, moments, addresses and patterns beside Python's own, on cases made from seeds.
import LatchkeyPolicy
import LatchkeyTestSupport
import Testing

@Suite("Conditions beside Python")
struct PeerTests {
    /// Asks Python for lines of operator, policy's value, request's value and what must come out, and compares.
    private func compare(_ script: String, atLeast count: Int) throws {
        let output = try PythonEnvironment.run(script, with: [])
        var seen: Set<String> = []
        for line in output.lines {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 4)
            let isAllowed = try decide(fields[0], fields[1], fields[2])
            #expect(isAllowed == (fields[3] == "True"), "\(line)")
            seen.insert(fields[3])
        }
        #expect(output.lines.count >= count)
        #expect(seen == ["True", "False"])
    }

    private func decide(_ test: String, _ policy: String, _ given: String) throws -> Bool {
        let text = """
            {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",\
            "Condition":{"\(test)":{"x:y":"\(policy)"}}}}
            """
        var policies = PolicySet()
        policies.identity = [CompiledPolicy(try PolicyDocument(text, kind: .identity, use: .deciding), name: "peer")]
        var keys = RequestKeys()
        keys.set("x:y", given)
        let request = try AccessRequest(
            principal: try RequestPrincipal(arn: "arn:aws:iam::123456789012:user/ann"),
            action: "s3:GetObject",
            keys: keys
        )
        return policies.decide(request).isAllowed
    }

    @Test("decimals compare as in `decimal`")
    func decimals() throws {
        try compare(
            """
            import random
            from decimal import Decimal, getcontext
            getcontext().prec = 200
            random.seed(4)
            def number():
                text = random.choice(["", "", "-", "+"]) + random.choice(["", "", "0", "00"])
                text += str(random.randrange(10 ** random.choice([1, 2, 3, 25])))
                if random.random() < .5: text += "." + "".join(random.choice("00059") for _ in range(random.randrange(1, 6)))
                if random.random() < .3: text += random.choice("eE") + random.choice(["", "-", "+"]) + str(random.randrange(5))
                return text
            for _ in range(6000):
                a, b = number(), number()
                if random.random() < .3: b = a.lstrip("+") + ("0" if "." in a and "e" not in a.lower() else "")
                x, y = Decimal(b), Decimal(a)
                for name, out in [("Equals", x == y), ("LessThan", x < y), ("GreaterThanEquals", x >= y)]:
                    print("Numeric" + name, a, b, out, sep="\\t")
            """,
            atLeast: 18_000
        )
    }

    @Test("moments compare as in `datetime`")
    func moments() throws {
        try compare(
            """
            import random
            from datetime import datetime, timedelta, timezone
            random.seed(5)
            def moment():
                zone = timezone(timedelta(minutes=random.choice([0, 0, 60, -60, 330, -570, 765])))
                at = datetime(random.choice([1, 1600, 1900, 1969, 1970, 2000, 2024, 2026, 9998]), random.choice([1, 2, 3, 12]),
                              random.choice([1, 28, 2]), random.choice([0, 12, 23]), random.choice([0, 30, 59]),
                              random.randrange(60), random.choice([0, 0, 500000, 1]), tzinfo=zone)
                return at, at.isoformat().replace("+00:00", random.choice(["Z", "z", "+00:00"]))
            for _ in range(6000):
                (x, a), (y, b) = moment(), moment()
                if random.random() < .3:
                    z = x.astimezone(timezone(timedelta(hours=random.randrange(-5, 5)))) if 1 < x.year else x
                    y, b = z, z.isoformat()
                if random.random() < .2 and y.microsecond == 0:
                    b = str((y - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1))
                    if len(b) == 4: continue
                for name, out in [("Equals", y == x), ("LessThan", y < x), ("GreaterThanEquals", y >= x)]:
                    print("Date" + name, a, b, out, sep="\\t")
            """,
            atLeast: 17_000
        )
    }

    @Test("addresses and blocks are those of `ipaddress`")
    func addresses() throws {
        try compare(
            """
            import ipaddress, random
            random.seed(6)
            def v4(): return str(ipaddress.IPv4Address(random.choice([0x0A000000, 0xC0000200, 0]) + random.randrange(1 << random.choice([2, 8, 24]))))
            def v6():
                address = ipaddress.IPv6Address((0x20010db8 << 96) + random.randrange(1 << random.choice([4, 64, 96])) * random.choice([0, 1, 1 << 32]) % (1 << 96))
                if address.ipv4_mapped: return "2001:db8::"
                return random.choice([address.compressed, address.exploded, address.compressed.upper()])
            def broken(text):
                place = random.randrange(len(text) + 1)
                return text[:place] + random.choice([":", ".", "g", "1", "", " ", "00000"]) + text[place + random.randrange(2):]
            for _ in range(9000):
                kind = random.choice([v4, v6])
                network, address = kind(), (kind if random.random() < .8 else random.choice([v4, v6]))()
                if random.random() < .2: address = broken(address)
                prefix = random.choice([None, random.randrange(33 if kind is v4 else 129), random.choice([0, 8, 24, 32])])
                if prefix is not None: network += "/" + str(prefix)
                try: parsed = ipaddress.ip_address(address)
                except ValueError: parsed = None
                if parsed is not None and (getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "scope_id", None)): continue
                block = ipaddress.ip_network(network, strict=False)
                out = parsed is not None and parsed in block
                print("IpAddress", network, address, out, sep="\\t")
                print("NotIpAddress", network, address, not out, sep="\\t")
            """,
            atLeast: 17_000
        )
    }

    @Test("wildcards match as in regular expressions")
    func wildcards() throws {
        try compare(
            """
            import random, re
            random.seed(7)
            def text(letters, most): return "".join(random.choice(letters) for _ in range(random.randrange(most)))
            for _ in range(15000):
                letters = random.choice(["ab", "abc", "a\\u00e9\\U0001f600"])
                pattern, value = text(letters + random.choice(["*", "*?", "**??"]), 9), text(letters, 12)
                expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
                out = re.fullmatch(expression, value, re.S) is not None
                print("StringLike", pattern, value, out, sep="\\t")
                print("StringNotLike", pattern, value, not out, sep="\\t")
            """,
            atLeast: 30_000
        )
    }
}
