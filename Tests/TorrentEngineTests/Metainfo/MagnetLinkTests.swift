import Testing
import TorrentEngine

@Suite struct MagnetLinkTests {
    private static let hash = "c0fda1edafdbdbb96443424e0b3899af7159d10e"
    private let xt = "magnet:?xt=urn:btih:\(Self.hash)"

    private func code(_ text: String) -> EngineError.Code? {
        do {
            _ = try MagnetLink(parsing: text)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func roundTrips() throws {
        let peers = try ["10.0.0.1:6881", "[2001:db8::1]:1", "127.0.0.1:65535"].map {
            try PeerEndpoint(parsing: $0)
        }
        let link = MagnetLink(
            infoHash: try InfoHash(parsing: Self.hash), name: "Ein Tag & 100 % = mehr? #1+日本",
            sizeBytes: 12345,
            peers: peers)
        #expect(try MagnetLink(parsing: link.description) == link)
        #expect(
            link.description.hasPrefix(xt + "&dn=Ein%20Tag%20%26%20100%20%25%20%3D%20mehr%3F%20%231%2B%E6"))
        #expect(
            link.description.hasSuffix(
                "&xl=12345&x.pe=10.0.0.1:6881&x.pe=[2001:db8::1]:1&x.pe=127.0.0.1:65535"))
    }

    @Test func theUsualFormsAreRead() throws {
        let base32 = try MagnetLink(parsing: "magnet:?xt=urn:btih:YD62D3NP3PN3SZCDIJHAWOEZV5YVTUIO")
        #expect(base32.infoHash.bytes.count == 20)
        let link = try MagnetLink(
            parsing:
                "MAGNET:?dn=a+b&xt.1=urn%3Abtih%3A\(Self.hash.uppercased())&x.pe=%5B::1%5D:5&so=0-9999&&x")
        #expect(link.infoHash.description == Self.hash && link.name == "a b")
        #expect(link.peers.map(\.description) == ["[::1]:5"])
    }

    @Test func outsidersAreDropped() throws {
        let link = try MagnetLink(
            parsing: xt
                + "&tr=http%3A%2F%2Fx&tr.1=y&ws=z&dht=a:1&x.pe=example.com:80&x.pe=10.0.0.1:2&x.pe=10.0.0.1:2"
        )
        #expect(link.dropped == [.trackers, .webSeeds, .nodes, .hostNames])
        #expect(link.peers.map(\.description) == ["10.0.0.1:2"])
        #expect(!link.description.contains("example"))
    }

    @Test func mappedAddressesAreV4() throws {
        let link = try MagnetLink(parsing: xt + "&x.pe=[::ffff:10.0.0.1]:2&x.pe=10.0.0.1:2")
        #expect(link.peers.map(\.description) == ["10.0.0.1:2"])
    }

    @Test func displayNamesAreHarmless() throws {
        let link = try MagnetLink(parsing: xt + "&dn=a%1B%5B31m%00%E2%80%AE%FF")
        #expect(link.name == "a_[31m___")
    }

    @Test(arguments: [
        "", "magnet:", "magnet:?", "http://x", "magnet:?dn=x", "magnet:?xt=urn:sha1:x",
        "magnet:?xt=urn:btih:",
        "magnet:?xt=urn:btih:c0fda1edafdbdbb96443424e0b3899af7159d10",
        "magnet:?xt=urn:btih:zzfda1edafdbdbb96443424e0b3899af7159d10e",
        "magnet:?xt=urn:btih:11111111111111111111111111111111",
        "magnet:?xt=urn:btih:c0fda1edafdbdbb96443424e0b3899af7159d10e&xt=urn:btih:c0fda1edafdbdbb96443424e0b3899af7159d10f",
        "magnet:?xt=urn:btih:c0fda1edafdbdbb96443424e0b3899af7159d10e&xt=urn:btih:c0fda1edafdbdbb96443424e0b3899af7159d10e",
        "magnet:?xt=urn:btih:c0fda1edafdbdbb96443424e0b3899af7159d10e%00", " magnet:?xt=urn:btih:",
        "magnet:?xt=%zz",
    ])
    func brokenLinksAreMalformed(_ text: String) { #expect(code(text) == .malformed) }

    @Test(arguments: [
        "dn=%", "dn=%2", "xl=x", "xl=-1", "xl=99999999999999999999", "xl=1&xl=2", "x.pe=", "x.pe=10.0.0.1",
        "x.pe=10.0.0.1:0", "x.pe=10.0.0.1:65536", "x.pe=10.0.0.1:+1", "x.pe=010.0.0.1:1",
        "x.pe=[fe80::1%25eth0]:1",
        "x.pe=[::1:1", "x.pe=::1:1", "x.pe=0.0.0.0:1", "x.pe=224.0.0.1:1", "x.pe=255.255.255.255:1",
        "x.pe=[ff02::1]:1",
        "x.pe=[::]:1", "x.pe=exa mple:1", "x.pe=10.0.0.1%00:1", "dn=a b", "dn=a\nb",
    ])
    func brokenParametersAreMalformed(_ parameter: String) {
        #expect(code(xt + "&" + parameter) == .malformed)
    }

    @Test func v2AloneIsRefused() {
        #expect(
            code("magnet:?xt=urn:btmh:1220" + String(repeating: "ab", count: 32)) == .refusedByPrivateMode)
        #expect(code("magnet:?xt=urn:btmh:1220" + String(repeating: "ab", count: 31)) == .malformed)
    }

    @Test func limitsHold() {
        #expect(code(xt + "&dn=" + String(repeating: "a", count: 70_000)) == .limitExceeded)
        let peers = (0..<1001).map { "&x.pe=10.0.\($0 / 250).\($0 % 250 + 1):1" }.joined()
        #expect(code(xt + peers) == .limitExceeded)
    }
}
