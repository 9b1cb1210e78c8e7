import Testing

@testable import TorrentEngine

@Suite("ListenAddress")
struct ListenAddressTests {
    @Test(
        "reads and writes",
        arguments: [
            ("10.0.0.1:6881", "10.0.0.1:6881"), ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:65535", "[::1]:65535"),
            ("[2001:DB8::1]:0", "[2001:db8::1]:0"), ("[::ffff:10.0.0.1]:1", "10.0.0.1:1"),
            ("wg0:6881", "wg0:6881"),
            ("lo:0", "lo:0"), ("wlp0s20f3u1-a_b:1", "wlp0s20f3u1-a_b:1"), ("fe80:1", "fe80:1"),
        ])
    func reads(text: String, canonical: String) throws {
        let listen = try ListenAddress(parsing: text)
        #expect(listen.description == canonical)
        #expect(try ListenAddress(parsing: canonical) == listen)
        #expect((listen.address == nil) != (listen.interfaceName == nil))
    }

    @Test(
        "knows a wildcard",
        arguments: [("0.0.0.0:1", true), ("[::]:1", true), ("10.0.0.1:1", false), ("lo:1", false)])
    func wildcard(text: String, expected: Bool) throws {
        #expect(try ListenAddress(parsing: text).isWildcard == expected)
    }

    @Test(
        "refuses, with the reason",
        arguments: [
            ("", "port is missing"), ("10.0.0.1", "port is missing"), ("wg0", "port is missing"),
            ("[::1]", "port is missing"), ("::1", "brackets"), ("::1:6881", "brackets"), (":6881", "empty"),
            ("example.org:6881", "would tell a resolver"), ("a.b:1", "would tell a resolver"),
            ("localhost:6881", "would tell a resolver"), ("LocalHost:1", "would tell a resolver"),
            ("sixteen-letters-:1", "neither"), ("eth0 :1", "neither"), ("eth0,lo:1", "neither"),
            ("*:1", "neither"),
            ("eth/0:1", "neither"), ("wg\u{0}0:1", "neither"), ("ö:1", "neither"), ("-:1", "neither"),
            ("10.0.0:1", "no IPv4"), ("1:1", "no IPv4"), ("010.0.0.1:1", "octal"), ("fe80::1%wg0:1", "zone"),
            ("[fe80::1%wg0]:1", "zone"), ("[wg0]:1", "brackets are for IPv6"),
            ("[10.0.0.1]:1", "brackets are for IPv6"),
            ("10.0.0.1:6881s", "no decimal number"), ("wg0:", "no decimal number"),
            ("wg0:00", "no decimal number"),
        ])
    func refuses(text: String, reason: String) throws {
        let error = try #require(throws: EngineError.self) { try ListenAddress(parsing: text) }
        #expect(error.code == .malformed)
        #expect(error.reason.contains(reason), "\(error.reason)")
    }

    @Test(
        "refuses values that are not allowed",
        arguments: ["224.0.0.1:1", "[ff02::1]:1", "255.255.255.255:1", "wg0:65536"])
    func invalid(text: String) throws {
        let error = try #require(throws: EngineError.self) { try ListenAddress(parsing: text) }
        #expect(error.code == .invalidArgument)
    }

    @Test("asks the system for the interface at use, not when it is read")
    func interface() throws {
        try ListenAddress(parsing: "lo:0").checkInterface()
        try ListenAddress(parsing: "10.0.0.1:0").checkInterface()
        let missing = try ListenAddress(parsing: "no-such-if0:6881")
        let error = try #require(throws: EngineError.self) { try missing.checkInterface() }
        #expect(error.code == .addressNotAvailable)
        #expect(error.systemErrno != nil)
    }
}
