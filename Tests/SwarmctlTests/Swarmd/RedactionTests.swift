import Testing

@testable import SwarmdSupport

@Suite struct RedactionTests {
    private static let hash = String(repeating: "0123456789abcdef", count: 2) + "01234567"

    @Test(
        "An info-hash is cut short, and addresses are left out",
        arguments: [
            ("torrent \(hash) was not saved: disk full", "torrent 01234567… was not saved: disk full"),
            ("/s/torrents/\(hash).torrent: broken", "/s/torrents/01234567….torrent: broken"),
            ("listening on 10.0.0.1:6881, socket", "listening on <address>:6881, socket"),
            ("cannot listen on 192.0.2.7.", "cannot listen on <address>."),
            ("[2001:db8::7]:6881 and 2001:db8::8: gone", "[<address>]:6881 and <address>: gone"),
            ("127.0.0.2:1, [::1]:2 and 0.0.0.0", "127.0.0.2:1, [::1]:2 and 0.0.0.0"),
            ("12:30:05, 1.2.3, 3.5 MiB at index 7: done", "12:30:05, 1.2.3, 3.5 MiB at index 7: done"),
        ])
    func redacted(_ text: String, _ expected: String) {
        #expect(Redaction.redacted(text) == expected)
    }
}
