import CLibtorrent
import Foundation
import Testing

@testable import TorrentEngine

@Suite("PeerEndpoint")
struct PeerEndpointTests {
    @Test(
        "reads and writes",
        arguments: [
            ("10.0.0.1:1", "10.0.0.1:1"), ("10.0.0.1:65535", "10.0.0.1:65535"), ("[::1]:6881", "[::1]:6881"),
            ("[2001:DB8:0::1]:80", "[2001:db8::1]:80"), ("[::ffff:10.0.0.1]:6881", "10.0.0.1:6881"),
        ])
    func reads(text: String, canonical: String) throws {
        let endpoint = try PeerEndpoint(parsing: text)
        #expect(endpoint.description == canonical)
        #expect(try PeerEndpoint(parsing: canonical) == endpoint)
    }

    @Test(
        "refuses, with the reason",
        arguments: [
            ("", "empty"), (":6881", "empty"), ("10.0.0.1", "port is missing"), ("[::1]", "port is missing"),
            ("::1", "port is missing"), ("::1:6881", "port is missing"), ("10.0.0.1:", "no decimal number"),
            ("10.0.0.1:06881", "no decimal number"), ("10.0.0.1:+1", "no decimal number"),
            ("10.0.0.1:-1", "no decimal number"), ("10.0.0.1:http", "no decimal number"),
            ("10.0.0.1: 80", "no decimal number"), ("10.0.0.1:٦", "no decimal number"),
            ("10.0.0.1:80s", "no decimal number"), ("[10.0.0.1]:80", "brackets are for IPv6"),
            ("[::1", "not closed"), ("[::1]6881", "after the closing bracket"),
            ("[::1]]:1", "after the closing"),
            ("[]:80", "brackets"), ("[fe80::1%wg0]:80", "zone"), ("example.org:80", "would tell a resolver"),
            ("010.0.0.1:80", "octal"), ("10.0.0.1:80:90", "no IPv4"),
        ])
    func refuses(text: String, reason: String) throws {
        let error = try #require(throws: EngineError.self) { try PeerEndpoint(parsing: text) }
        #expect(error.code == .malformed)
        #expect(error.reason.contains(reason), "\(error.reason)")
    }

    @Test("refuses ports outside 1 to 65535", arguments: ["0", "65536", "99999", "18446744073709551617"])
    func ports(port: String) throws {
        let error = try #require(throws: EngineError.self) { try PeerEndpoint(parsing: "10.0.0.1:\(port)") }
        #expect(error.code == .invalidArgument)
        #expect(error.reason.contains("1 to 65535"))
    }

    @Test("port 0 cannot be constructed")
    func portZero() throws {
        let address = try IPAddress(parsing: "10.0.0.1")
        #expect(throws: EngineError.self) { try PeerEndpoint(address: address, port: 0) }
        #expect(try PeerEndpoint(address: address, port: 1).description == "10.0.0.1:1")
    }

    @Test("crosses the C boundary and back", arguments: ["10.0.0.1:6881", "[2001:db8::1]:65535"])
    func native(text: String) throws {
        let endpoint = try PeerEndpoint(parsing: text)
        let native = clt_endpoint(endpoint)
        #expect(native.family == endpoint.address.family.rawValue)
        #expect(PeerEndpoint(native) == endpoint)
        #expect(withUnsafeBytes(of: native.address) { Array($0) }.starts(with: endpoint.address.bytes))
    }

    @Test("an unset native endpoint is none, and a mapped one is IPv4")
    func nativeEdges() throws {
        #expect(PeerEndpoint(clt_endpoint()) == nil)
        #expect(IPAddress(clt_endpoint()) == nil)
        let address = try IPAddress(parsing: "10.0.0.1")
        #expect(PeerEndpoint(clt_endpoint(address, port: 0)) == nil)
        var mapped = clt_endpoint(try IPAddress(parsing: "::fffe:a00:1"), port: 6881)
        mapped.address.11 = 0xff
        #expect(PeerEndpoint(mapped)?.description == "10.0.0.1:6881")
    }

    @Test("is a string in JSON")
    func json() throws {
        let endpoint = try PeerEndpoint(parsing: "[::1]:6881")
        let data = try JSONEncoder().encode([endpoint])
        #expect(String(decoding: data, as: UTF8.self) == #"["[::1]:6881"]"#)
        #expect(try JSONDecoder().decode([PeerEndpoint].self, from: data) == [endpoint])
    }
}
