import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// Members that change while bytes flow, between real engines.
@Suite(.timeLimit(.minutes(2)))
struct LiveMembershipTests {
    /// A seed so slow that the transfer outlasts the test, and a backend that fetches from it for a job.
    private struct Transfer {
        let scratch: Scratch
        let swarm: Swarm
        let fetcher: TorrentBackend
        let overlay = ScriptedOverlay()
        let events: EngineEvents
        var endpoint: String { swarm.endpoint.description }

        init(_ options: (String) -> PrivateModeOptions, joins: Bool = false) async throws {
            scratch = try Scratch()
            swarm = try await Swarm.seed(scratch.file("in", bytes: 8 << 20))
            try await swarm.torrent.setRateLimits(upload: 50_000, download: 0)
            let endpoint = swarm.endpoint.description
            if joins { overlay.send(.joined(OverlayPeer(peerID: "seed", endpoints: [endpoint]))) }
            fetcher = try await TorrentBackend.start(
                options: TorrentBackendOptions(enabled: true, privateMode: options(endpoint)),
                configuration: BackendConfiguration(
                    engine: EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]),
                    downloadFolder: scratch.folder("out"), overlay: overlay))
            events = fetcher.engine.events()
            let id = try await fetcher.preparePrivateTorrent(
                job: SwarmJob(
                    jobID: "job", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 8 << 20),
                    variants: [
                        SwarmVariant(id: "v", reference: .infoHash(swarm.torrent.infoHash.description))
                    ]), variant: "v")
            #expect(id == swarm.torrent.infoHash.description)
        }

        /// Waits until content flows.
        func waitForBytes() async throws {
            for await event in events {
                guard case .progress = event.kind, let peer = try await seedsPeers().first else { continue }
                if peer.uploadedBytes > 0 { return }
            }
        }

        func seedsPeers() async throws -> [PeerSnapshot] {
            try await swarm.torrent.peers().filter(\.isConnected)
        }

        /// Whether our side has cut it: the seed notices when the connection has closed.
        func waitUntilCut() async throws {
            while try await !seedsPeers().isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        }

        func end() async throws {
            try await fetcher.shutdown()
            try await swarm.shutdown()
        }
    }

    @Test("An invite that is withdrawn cuts its peer in the middle of a transfer; given again, it goes on")
    func withdrawnInvite() async throws {
        let transfer = try await Transfer { PrivateModeOptions(inviteList: [$0]) }
        try await transfer.waitForBytes()
        try await transfer.fetcher.apply(
            TorrentBackendOptions(enabled: true, privateMode: PrivateModeOptions()))
        try await transfer.waitUntilCut()
        #expect(await transfer.fetcher.running.count == 1)
        try await transfer.fetcher.apply(
            TorrentBackendOptions(
                enabled: true, privateMode: PrivateModeOptions(inviteList: [transfer.endpoint])))
        while try await transfer.seedsPeers().isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        try await transfer.end()
    }

    @Test("Sources that the options allow no more lose their peers, and none of them is dialled again")
    func changedSources() async throws {
        let transfer = try await Transfer({ _ in PrivateModeOptions() }, joins: true)
        try await transfer.waitForBytes()
        try await transfer.fetcher.apply(
            TorrentBackendOptions(
                enabled: true, privateMode: PrivateModeOptions(allowedPeerSources: .inviteList)))
        try await transfer.waitUntilCut()
        // Joining anew changes nothing while its source is not allowed.
        transfer.overlay.send(.joined(OverlayPeer(peerID: "other", endpoints: [transfer.endpoint])))
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await transfer.seedsPeers().isEmpty)
        try await transfer.end()
    }

    @Test("A peer that two sources name goes on when one withdraws it, and is cut when the other does too")
    func handOver() async throws {
        let transfer = try await Transfer({ PrivateModeOptions(inviteList: [$0]) }, joins: true)
        try await transfer.waitForBytes()
        let before = try await transfer.seedsPeers().map(\.endpoint)
        try await transfer.fetcher.apply(
            TorrentBackendOptions(enabled: true, privateMode: PrivateModeOptions()))
        let membership = try #require(await transfer.fetcher.running.values.first?.membership)
        #expect(await membership.members.map(\.source) == [.overlay])
        try await Task.sleep(for: .milliseconds(300))
        // The same connection: its own port is the same.
        #expect(try await transfer.seedsPeers().map(\.endpoint) == before)
        transfer.overlay.send(.left(peerID: "seed"))
        try await transfer.waitUntilCut()
        try await transfer.end()
    }

    @Test("A peer that is named for the job joins a transfer that waits, and is cut when it is withdrawn")
    func namedPeers() async throws {
        let transfer = try await Transfer { _ in PrivateModeOptions(inviteList: ["127.0.0.9"]) }
        transfer.fetcher.jobPeers.admit(
            OverlayPeer(peerID: "seed", endpoints: [transfer.endpoint]), to: "job")
        try await transfer.waitForBytes()
        transfer.fetcher.jobPeers.withdraw(peerID: "seed", from: "job")
        try await transfer.waitUntilCut()
        try await transfer.end()
    }

    @Test("Switched off, the backend stops what runs, and refuses more until it is on again")
    func disabled() async throws {
        let transfer = try await Transfer { PrivateModeOptions(inviteList: [$0]) }
        try await transfer.waitForBytes()
        try await transfer.fetcher.apply(TorrentBackendOptions())
        try await transfer.waitUntilCut()
        #expect(await transfer.fetcher.running.isEmpty)
        #expect(await !transfer.fetcher.isSupported)
        let error = await #expect(throws: BackendError.self) {
            try await transfer.fetcher.fetch(
                infoHashOrMagnet: transfer.swarm.torrent.infoHash.description, into: transfer.scratch.path)
        }
        #expect(error?.code == .disabled)
        try await transfer.fetcher.apply(TorrentBackendOptions(enabled: true))
        #expect(await transfer.fetcher.isSupported)
        try await transfer.end()
    }

    @Test("Options with a mistake change nothing")
    func badOptions() async throws {
        let transfer = try await Transfer { PrivateModeOptions(inviteList: [$0]) }
        try await transfer.waitForBytes()
        let before = await transfer.fetcher.options
        let bad = TorrentBackendOptions(enabled: false, minimumSeeders: -1)
        let error = await #expect(throws: BackendError.self) { try await transfer.fetcher.apply(bad) }
        #expect(error?.code == .invalidOptions)
        #expect(await transfer.fetcher.options == before)
        #expect(try await transfer.seedsPeers().count == 1)
        try await transfer.end()
    }
}
