import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing

@testable import PrivateTorrent

@Suite("FallbackEndpoints")
struct FallbackEndpointsTests {
    private func found(
        claimed: [String]?, overlay endpoints: [String]? = nil, source: String? = nil, port: UInt16? = 9,
        admitsUnknown: Bool = false
    ) async -> [String] {
        let overlay = FakeOverlay()
        if let endpoints { overlay.join("p", at: endpoints, job: "j") }
        let finder = FallbackEndpoints(
            overlay: endpoints == nil ? nil : overlay,
            policy: ListedPolicy(allowed: admitsUnknown ? [.admitUnknownEndpoints] : []),
            calls: OutsideCalls(clock: .system), callLimit: .seconds(30), policyLimit: .seconds(30))
        let job = SwarmJob(
            jobID: "j", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1),
            sources: [
                SwarmSource(peerID: "p", transport: "mesh", address: source, port: port),
                SwarmSource(peerID: "q", transport: "mesh", address: "10.9.9.9", port: 9),
            ])
        let sources = try? await finder.sources(of: "p", claimed: claimed, job: job, variantID: "v")
        return (sources ?? []).map { source in
            #expect(source.peerID == "p")
            return "\(source.address ?? ""):\(source.port ?? 0)"
        }
    }

    @Test("what a peer says of itself counts only for an address that the overlay knows, on any port")
    func known() async {
        #expect(await found(claimed: ["10.0.0.1:7000"], overlay: ["10.0.0.1:1"]) == ["10.0.0.1:7000"])
        #expect(await found(claimed: ["10.0.0.1:7000"], source: "10.0.0.1") == ["10.0.0.1:7000"])
    }

    @Test("an address that is not known is left out, unless the policy lets it in")
    func unknown() async {
        let claims = ["10.0.0.1:7000", "10.0.0.2:7000"]
        #expect(await found(claimed: claims, overlay: ["10.0.0.1:1"]) == ["10.0.0.1:7000"])
        #expect(await found(claimed: claims, overlay: ["10.0.0.1:1"], admitsUnknown: true) == claims)
        // Another peer's address is as unknown as any.
        #expect(await found(claimed: ["10.9.9.9:9"], overlay: ["10.0.0.1:1"]) == ["10.0.0.1:1"])
        #expect(await found(claimed: ["10.0.0.2:7000"]) == [])
    }

    @Test("without a word of the peer: the overlay, then the job's source, then nothing")
    func fallbacks() async {
        #expect(await found(claimed: nil, overlay: ["10.0.0.1:1"], source: "10.0.0.5") == ["10.0.0.1:1"])
        #expect(await found(claimed: nil, overlay: [], source: "10.0.0.5") == ["10.0.0.5:9"])
        #expect(await found(claimed: [], source: "10.0.0.5") == ["10.0.0.5:9"])
        #expect(await found(claimed: nil, source: "10.0.0.5", port: nil) == [])
        #expect(await found(claimed: nil) == [])
    }

    @Test("what is no endpoint of a peer admits nobody, whatever the policy")
    func malformed() async {
        let claims = [
            "10.0.0.1", "10.0.0.1:0", "10.0.0.0/8", "example.org:1", "0.0.0.0:1", "224.0.0.1:1",
            "255.255.255.255:1", "", "[::]:1", "10.0.0.1:99999", "010.0.0.1:1",
        ]
        #expect(await found(claimed: claims, admitsUnknown: true) == [])
    }

    @Test("each counts once, and no more than 16")
    func limits() async {
        let claims = ["10.0.0.1:1", "10.0.0.1:1"] + (2..<40).map { "10.0.0.1:\($0)" }
        let found = await found(claimed: claims, overlay: ["10.0.0.1:1"])
        #expect(found.count == 15)
        #expect(Set(found).count == 15)
    }
}
