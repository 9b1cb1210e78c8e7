import CLibtorrent
import Testing

@testable import TorrentEngine

@Suite("AddressRule")
struct AddressRuleTests {
    @Test(
        "reads a rule: canonical text, first and last address",
        arguments: [
            ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"),
            ("10.0.0.1/32", "10.0.0.1", "10.0.0.1", "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
            ("10.0.0.2/31", "10.0.0.2/31", "10.0.0.2", "10.0.0.3"),
            ("128.0.0.0/1", "128.0.0.0/1", "128.0.0.0", "255.255.255.255"),
            ("0.0.0.0/1", "0.0.0.0/1", "0.0.0.0", "127.255.255.255"),
            ("10.0.0.1:6881", "10.0.0.1:6881", "10.0.0.1", "10.0.0.1"),
            ("::1", "::1", "::1", "::1"),
            ("2001:DB8::/32", "2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::1/128", "2001:db8::1", "2001:db8::1", "2001:db8::1"),
            ("8000::/1", "8000::/1", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("[2001:db8::1]:6881", "[2001:db8::1]:6881", "2001:db8::1", "2001:db8::1"),
            (
                "2001:db8:1:2:3:4:5:6881", "2001:db8:1:2:3:4:5:6881", "2001:db8:1:2:3:4:5:6881",
                "2001:db8:1:2:3:4:5:6881"
            ),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
            ("::ffff:10.0.0.1/128", "10.0.0.1", "10.0.0.1", "10.0.0.1"),
            ("[::ffff:10.0.0.1]:6881", "10.0.0.1:6881", "10.0.0.1", "10.0.0.1"),
        ])
    func reads(text: String, canonical: String, first: String, last: String) throws {
        let rule = try AddressRule(parsing: text)
        #expect(rule.description == canonical)
        #expect(rule.firstAddress.description == first)
        #expect(rule.lastAddress.description == last)
        #expect(try AddressRule(parsing: canonical) == rule)
        #expect(rule.contains(rule.firstAddress))
        #expect(rule.contains(rule.lastAddress))
        #expect(rule.isSingleAddress == (first == last))
    }

    @Test(
        "refuses what does not have the form",
        arguments: [
            ("", "empty"), ("/8", "empty"), ("010.0.0.1", "octal"), ("010.0.0.0/8", "octal"),
            ("fe80::1%wg0", "zone"), ("fe80::%wg0/64", "zone"), ("[fe80::1%wg0]:6881", "zone"),
            ("example.org", "resolving it would tell a resolver"),
            ("example.org:6881", "resolving it would tell a resolver"),
            ("peer", "resolving it would tell a resolver"),
            ("example.org/24", "resolving it would tell a resolver"),
            ("*", "no IPv4"), ("10.0.0.*", "no IPv4"), ("10.0.0.1-10.0.0.9", "no IPv4"),
            ("10.0.0/24", "no IPv4"),
            ("10/8", "no IPv4"), ("10.0.0.0/", "no number of bits"), ("10.0.0.0/08", "no number of bits"),
            ("10.0.0.0/+8", "no number of bits"), ("10.0.0.0/-1", "no number of bits"),
            ("10.0.0.0/ 8", "no number of bits"), ("10.0.0.0/8/8", "no number of bits"),
            ("10.0.0.0/255.0.0.0", "no number of bits"), ("10.0.0.0/9999", "no number of bits"),
            ("10.0.0.0/8:6881", "cannot have a port"), ("10.0.0.1:6881/32", "no IPv4"),
            ("[2001:db8::]/32", "cannot have a port or brackets"),
            ("[2001:db8::/32]:6881", "cannot have a port or brackets"),
            ("[::1]", "brackets are for an address that"),
            ("[10.0.0.1]:6881", "brackets are for IPv6"), ("2001:db8:1:2:3:4:5:6:6881", "no IPv4"),
            ("10.0.0.1:", "no decimal number"), ("10.0.0.1 ", "white space"), (" 10.0.0.0/8", "white space"),
            ("10.0.0.1,10.0.0.2", "no IPv4"), ("10.0.0.1\u{0}", "no IPv4"),
        ])
    func malformed(text: String, reason: String) throws {
        let error = try #require(throws: EngineError.self) { try AddressRule(parsing: text) }
        #expect(error.code == .malformed)
        #expect(error.reason.contains(reason), "\(error.reason)")
        #expect(error.operation.hasPrefix("read the rule \""))
    }

    @Test(
        "refuses what is not allowed",
        arguments: [
            ("10.0.0.1/8", "bits after the prefix"), ("10.0.0.1/31", "bits after the prefix"),
            ("2001:db8::1/32", "bits after the prefix"), ("::ffff:10.0.0.1/104", "bits after the prefix"),
            ("::ffff:10.0.0.0/8", "bits after the prefix"), ("::ffff:0:0/95", "bits after the prefix"),
            ("10.0.0.1/0", "bits after the prefix"), ("10.0.0.1:0", "not in 1 to 65535"),
            ("[::1]:0", "not in 1 to 65535"), ("10.0.0.1:65536", "not in 1 to 65535"),
            ("224.0.0.1", "multicast"), ("239.1.1.1:6881", "multicast"), ("224.0.0.0/4", "multicast"),
            ("239.0.0.0/8", "multicast"), ("::ffff:224.0.0.1", "multicast"), ("ff02::1", "multicast"),
            ("ff00::/8", "multicast"), ("[ff02::1]:6881", "multicast"), ("255.255.255.255", "broadcast"),
            ("255.255.255.255/32", "broadcast"), ("255.255.255.255:6881", "broadcast"), ("0.0.0.0", "any"),
            ("0.0.0.0/32", "any"), ("0.0.0.0:6881", "any"), ("::", "any"), ("::/128", "any"),
            ("[::]:6881", "any"),
            ("::ffff:0.0.0.0", "any"), ("0.0.0.0/0", "every IPv4 address"), ("::/0", "every IPv6 address"),
            ("::ffff:0:0/96", "every IPv4 address"), ("10.0.0.0/33", "0 to 32 bits"),
            ("::/129", "0 to 128 bits"),
            ("2001:db8::/999", "0 to 128 bits"), ("::ffff:10.0.0.1/129", "0 to 32 bits"),
        ])
    func invalid(text: String, reason: String) throws {
        let error = try #require(throws: EngineError.self) { try AddressRule(parsing: text) }
        #expect(error.code == .invalidArgument)
        #expect(error.reason.contains(reason), "\(error.reason)")
    }

    @Test("says what may have been meant")
    func remedy() throws {
        let error = try #require(throws: EngineError.self) { try AddressRule(parsing: "10.0.0.1/8") }
        #expect(error.operation == #"read the rule "10.0.0.1/8""#)
        #expect(error.remedy?.contains("did you mean 10.0.0.0/8?") == true)
        let six = try #require(throws: EngineError.self) { try AddressRule(parsing: "2001:db8:1::1/32") }
        #expect(six.remedy?.contains("did you mean 2001:db8::/32?") == true)
    }

    @Test("every address only where it is said", arguments: ["0.0.0.0/0", "::/0", "::ffff:0:0/96"])
    func any(text: String) throws {
        let rule = try AddressRule(parsing: text, allowAny: true)
        #expect(rule.isAny)
        #expect(rule.contains(rule.lastAddress))
        #expect(rule.lastAddress.bytes.allSatisfy { $0 == 0xff })
    }

    @Test(
        "allowing any address allows nothing else", arguments: ["0.0.0.0", "::", "224.0.0.0/4", "10.0.0.1/0"])
    func anyIsNarrow(text: String) throws {
        #expect(throws: EngineError.self) { try AddressRule(parsing: text, allowAny: true) }
    }

    @Test(
        "contains",
        arguments: [
            ("10.0.0.0/30", "10.0.0.3", true), ("10.0.0.0/30", "10.0.0.4", false),
            ("10.0.0.0/30", "9.255.255.255", false), ("10.0.0.1:6881", "10.0.0.1", true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("10.0.0.0/8", "::10.1.2.3", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
            // A wide IPv6 block says nothing about IPv4, not even through the mapped addresses within it.
            ("::/8", "10.0.0.1", false), ("::/8", "::ffff:10.0.0.1", false), ("::/8", "::1", true),
        ])
    func contains(rule: String, address: String, expected: Bool) throws {
        #expect(try AddressRule(parsing: rule).contains(IPAddress(parsing: address)) == expected)
    }

    @Test("is made of values under the same rules")
    func values() throws {
        let address = try IPAddress(parsing: "10.0.0.0")
        #expect(try AddressRule(firstAddress: address, prefixLength: 8).description == "10.0.0.0/8")
        #expect(try AddressRule(PeerEndpoint(address: address, port: 80)).port == 80)
        #expect(try AddressRule(address).port == nil)
        for prefix in [-1, 0, 4, 33, Int.max, Int.min] {
            let error = try #require(throws: EngineError.self) {
                try AddressRule(firstAddress: address, prefixLength: prefix)
            }
            #expect(error.code == .invalidArgument)
        }
        let any = try IPAddress(parsing: "::")
        #expect(throws: EngineError.self) { try AddressRule(any) }
        #expect(throws: EngineError.self) { try AddressRule(PeerEndpoint(address: any, port: 80)) }
        #expect(throws: EngineError.self) { try AddressRule(firstAddress: any, prefixLength: 0) }
        #expect(try AddressRule(firstAddress: any, prefixLength: 0, allowAny: true).isAny)
    }

    @Test("crosses the C boundary as an inclusive range")
    func native() throws {
        let block = try AddressRule(parsing: "2001:db8::/32").native
        #expect(IPAddress(block.first)?.description == "2001:db8::")
        #expect(IPAddress(block.last)?.description == "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
        #expect(block.first.port == 0)
        let single = try AddressRule(parsing: "10.0.0.1:6881").native
        #expect(PeerEndpoint(single.first)?.description == "10.0.0.1:6881")
        #expect(IPAddress(single.last)?.description == "10.0.0.1")
    }
}
