import Testing
import TorrentEngine

@testable import swarmctl

@Suite("Stranger")
struct StrangerTests {
    /// A server that answers the first bytes of each connection and closes it; nil: closes without an answer.
    private func server(answering answer: [UInt8]?) throws -> (door: PeerEndpoint, thread: LoopThread) {
        let listener = try RawSocket.listening(at: IPAddress(parsing: "127.0.0.1"))
        let thread = try LoopThread {
            RawSocket.waitReadable([listener], within: 20)
            while let connection = listener.accept() {
                RawSocket.waitReadable([connection], within: 1000)
                _ = connection.receive()
                if let answer { connection.send(answer) }
            }
        }
        return (try listener.boundEndpoint(), thread)
    }

    private func knock(at door: PeerEndpoint) async throws -> Stranger.Result {
        let stranger = Stranger(
            address: try IPAddress(parsing: "127.0.0.3"),
            infoHash: try InfoHash(parsing: String(repeating: "ab", count: 20)), patience: 400)
        return try await onThread { () throws(EngineError) in try stranger.knock(at: [door]) }
    }

    @Test("It counts every byte that comes back")
    func counts() async throws {
        let (door, thread) = try server(answering: Array(repeating: 7, count: 5))
        defer { thread.stop() }
        let result = try await knock(at: door)
        #expect(result == Stranger.Result(connections: 4, unheard: 0, receivedBytes: 20))
    }

    @Test("Where it is only hung up on, it got nothing, and it was heard")
    func closed() async throws {
        let (door, thread) = try server(answering: nil)
        defer { thread.stop() }
        #expect(try await knock(at: door) == Stranger.Result(connections: 4, unheard: 0, receivedBytes: 0))
    }

    @Test("Where nobody listens it says that it was not heard")
    func nobody() async throws {
        // Bound and not listening: nobody else can take the port meanwhile.
        let socket = try RawSocket(.tcp, at: IPAddress(parsing: "127.0.0.1"))
        #expect(try await knock(at: try socket.boundEndpoint()).unheard == 4)
    }

    @Test("A member that is offered PEX or ut_holepunch counts it, and that it was answered")
    func gossip() async throws {
        let handshake = PeerBytes.handshake(PeerBytes.random(20)) + PeerBytes.extensionHandshake
        let (door, thread) = try server(answering: handshake)
        defer { thread.stop() }
        let address = try IPAddress(parsing: "127.0.0.10")
        let member = GossipingMember(
            address: address,
            speeches: [
                .init(message: PeerBytes.pex(naming: [door])),
                .init(message: PeerBytes.holepunch(naming: door), hangsUp: true),
            ])
        let infoHash = try InfoHash(parsing: String(repeating: "ab", count: 20))
        let result = try await onThread { () throws(EngineError) in
            try member.gossip(at: [GossipingMember.Door(endpoint: door, infoHash: infoHash)], for: 300)
        }
        #expect(result.connections == 2)
        #expect(result.answered == 2)
        #expect(result.counts[.pex] == 2)
        #expect(result.counts[.holepunch] == 2)
    }
}
