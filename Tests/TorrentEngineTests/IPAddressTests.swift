import Foundation
import Testing

@testable import TorrentEngine

@Suite("IPAddress")
struct IPAddressTests {
    @Test(
        "reads a literal and writes it canonically",
        arguments: [
            ("0.0.0.0", "0.0.0.0"), ("10.0.0.1", "10.0.0.1"), ("255.255.255.255", "255.255.255.255"),
            ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
            ("2001:DB8::1", "2001:db8::1"), ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
            // RFC 5952 §4.2.2: one zero group is not shortened; §4.2.3: the longest run, the first of equals.
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("fe80::1", "fe80::1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("::10.0.0.1", "::a00:1"),
            ("::ffff:10.0.0.1", "10.0.0.1"), ("::FFFF:0a00:0001", "10.0.0.1"),
            ("0:0:0:0:0:ffff:a00:1", "10.0.0.1"),
            ("::fffe:a00:1", "::fffe:a00:1"), ("::1:ffff:a00:1", "::1:ffff:a00:1"),
        ])
    func reads(text: String, canonical: String) throws {
        let address = try IPAddress(parsing: text)
        #expect(address.description == canonical)
        #expect(try IPAddress(parsing: canonical) == address)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(
        "refuses what is no literal, with the reason",
        arguments: [
            ("", "empty"), ("010.0.0.1", "octal"), ("10.00.0.1", "octal"), ("10.0.0.01", "octal"),
            ("::ffff:010.0.0.1", "octal"), ("fe80::1%wg0", "zone"), ("fe80::1%1", "zone"),
            ("10.0.0.1%eth0", "zone"),
            ("example.org", "would tell a resolver"), ("localhost", "would tell a resolver"),
            ("cafe", "would tell a resolver"), ("face.de", "would tell a resolver"),
            ("bücher.example", "would tell a resolver"), ("0x7f.0.0.1", "would tell a resolver"),
            ("[::1]", "brackets"), (" 10.0.0.1", "white space"), ("10.0.0.1 ", "white space"),
            ("10.0.0.1\n", "white space"), ("10.0.0", "no IPv4"), ("10.0.0.0.1", "no IPv4"),
            ("10.0.0.256", "no IPv4"),
            ("10.0.0.-1", "no IPv4"), ("2130706433", "no IPv4"), ("1", "no IPv4"), ("10..0.1", "no IPv4"),
            ("10.0.0.1.", "no IPv4"), (".10.0.0.1", "no IPv4"), (":::", "no IPv4"), ("1::2::3", "no IPv4"),
            ("1:2:3:4:5:6:7", "no IPv4"), ("1:2:3:4:5:6:7:8:9", "no IPv4"), ("12345::", "no IPv4"),
            (":1", "no IPv4"),
            ("10.0.0.1\u{0}", "no IPv4"), ("10.0.0.1\u{0}.example", "would tell a resolver"),
            ("１０.0.0.1", "no IPv4"), ("10.0.0.1/32", "no IPv4"), ("+1.2.3.4", "no IPv4"),
        ])
    func refuses(text: String, reason: String) throws {
        let error = try #require(throws: EngineError.self) { try IPAddress(parsing: text) }
        #expect(error.code == .malformed)
        #expect(error.reason.contains(reason), "\(error.reason)")
        #expect(error.operation.hasPrefix("read the address \""))
    }

    @Test("escapes hostile text in its error, and cuts it")
    func quoting() throws {
        let hostile = try #require(throws: EngineError.self) {
            try IPAddress(parsing: "\u{1b}[31m\n\u{202e}\"")
        }
        #expect(hostile.operation == #"read the address "\u{1b}[31m\u{a}\u{202e}\"""#)
        let long = try #require(throws: EngineError.self) {
            try IPAddress(parsing: String(repeating: "x", count: 5000))
        }
        #expect(long.operation.count < 120)
    }

    @Test("takes 4 or 16 bytes", arguments: [0, 1, 3, 5, 8, 15, 17])
    func bytes(count: Int) throws {
        #expect(IPAddress(bytes: [UInt8](repeating: 1, count: count)) == nil)
        #expect(try IPAddress(parsing: "10.0.0.1").bytes == [10, 0, 0, 1])
        #expect(try IPAddress(parsing: "::1").bytes == [UInt8](repeating: 0, count: 15) + [1])
    }

    @Test("knows the special addresses")
    func kinds() throws {
        #expect(try IPAddress(parsing: "0.0.0.0").isUnspecified)
        #expect(try IPAddress(parsing: "::").isUnspecified)
        #expect(try IPAddress(parsing: "224.0.0.1").isMulticast)
        #expect(try IPAddress(parsing: "239.255.255.255").isMulticast)
        #expect(try !IPAddress(parsing: "240.0.0.1").isMulticast)
        #expect(try IPAddress(parsing: "ff02::1").isMulticast)
        #expect(try IPAddress(parsing: "255.255.255.255").isBroadcast)
        #expect(try IPAddress(parsing: "127.9.9.9").isLoopback)
        #expect(try IPAddress(parsing: "::1").isLoopback)
        #expect(try !IPAddress(parsing: "::7f00:1").isLoopback)
    }

    @Test("sorts IPv4 before IPv6, then by number")
    func order() throws {
        let sorted = ["9.0.0.1", "10.0.0.1", "::1", "2001:db8::1"]
        let addresses = try sorted.map { text in try IPAddress(parsing: text) }
        #expect(addresses.shuffled().sorted() == addresses)
    }

    @Test("is a string in JSON")
    func json() throws {
        let address = try IPAddress(parsing: "2001:db8::1")
        let data = try JSONEncoder().encode([address])
        #expect(String(decoding: data, as: UTF8.self) == #"["2001:db8::1"]"#)
        #expect(try JSONDecoder().decode([IPAddress].self, from: data) == [address])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([IPAddress].self, from: Data(#"["example.org"]"#.utf8))
        }
    }
}
