import Testing

@testable import TorrentEngine

struct SwarmHistoryTests {
    private let start = ContinuousClock.now

    private func endpoint(_ number: Int, port: UInt16 = 6881) throws -> PeerEndpoint {
        try PeerEndpoint(parsing: "10.0.\(number / 256).\(number % 256):\(port)")
    }

    /// Red where `change` forgets nobody, or not the oldest.
    @Test("Bounded: who was seen longest ago is forgotten")
    func bound() throws {
        var history = SwarmHistory()
        for number in 0..<1000 {
            history.note(
                .peerDisconnected(
                    try endpoint(number), direction: .outgoing, reason: .connectionRefused, detail: ""),
                at: start + .seconds(number))
            history.note(.hashFailed(piece: number), at: start + .seconds(number))
        }
        #expect(history.peers.count == SwarmHistory.capacity)
        #expect(history.peers.values.map(\.lastSeen).min() == start + .seconds(1000 - SwarmHistory.capacity))
        #expect(history.hashFailures.count == SwarmHistory.hashFailureCapacity)
        #expect(history.hashFailures.last?.piece == 999)
    }

    /// Red where the port of one that dials us counts, and where that of one that we dial does not.
    @Test("One that dials us is known by its address, one that we dial by its endpoint")
    func places() throws {
        var history = SwarmHistory()
        for port in UInt16(1)...5 {
            for direction in [PeerDirection.incoming, .outgoing] {
                history.note(
                    .peerConnected(try endpoint(1, port: port), direction: direction, member: nil), at: start)
            }
        }
        #expect(history.peers.values.filter { $0.direction == .incoming }.map(\.endpoint.port) == [5])
        #expect(history.peers.values.filter { $0.direction == .outgoing }.count == 5)
    }

    /// Red where a dial that no TCP connection came of counts as one, or the next dial takes over what was of the last.
    @Test("Whether a TCP connection had stood")
    func reached() throws {
        var history = SwarmHistory()
        let peer = try endpoint(1)
        func end(_ direction: PeerDirection) -> Bool? {
            history.note(
                .peerDisconnected(peer, direction: direction, reason: .timedOut, detail: ""), at: start)
            return history.peers[SwarmHistory.Place(peer, direction)]?.end?.wasReached
        }
        #expect(end(.outgoing) == false && end(.incoming) == true)
        history.note(.peerStage(peer, direction: .outgoing, .tcp), at: start)
        #expect(end(.outgoing) == true)
        #expect(end(.outgoing) == false)
    }

    /// Red where the end of a connection is taken for that of the next, or failures are not counted anew.
    @Test("How a connection ended, until the next one stands")
    func ends() throws {
        var history = SwarmHistory()
        let peer = try endpoint(1)
        func seen() -> SwarmHistory.Seen? { history.peers.values.first }
        func end(_ reason: DisconnectReason, _ second: Int) {
            history.note(
                .peerDisconnected(peer, direction: .outgoing, reason: reason, detail: "why"),
                at: start + .seconds(second))
        }
        end(.connectionRefused, 0)
        end(.byUs, 1)
        end(.timedOut, 1)
        #expect(seen()?.failures == 2 && seen()?.end?.wasConnected == false)
        history.note(.peerStage(peer, direction: .outgoing, .tcp), at: start + .seconds(2))
        #expect(seen()?.end?.reason == .timedOut)
        history.note(.peerConnected(peer, direction: .outgoing, member: nil), at: start + .seconds(2))
        #expect(seen()?.end == nil && seen()?.failures == 0)
        end(.closed, 3)
        #expect(seen()?.end?.wasConnected == true && seen()?.end?.time == start + .seconds(3))
        end(.connectionRefused, 4)
        #expect(seen()?.end?.wasConnected == false && seen()?.lastConnected == start + .seconds(2))
    }

    /// Red where the end of one is told while another of the same address stands.
    @Test("Members that share an address: the last connection counts")
    func shared() throws {
        var history = SwarmHistory()
        func end(_ port: UInt16) throws {
            history.note(
                .peerDisconnected(
                    try endpoint(1, port: port), direction: .incoming, reason: .closed, detail: ""), at: start
            )
        }
        history.note(.peerConnected(try endpoint(1, port: 1), direction: .incoming, member: nil), at: start)
        try end(2)
        #expect(history.peers.values.first?.end == nil)
        try end(1)
        #expect(history.peers.values.first?.end?.wasConnected == true)
    }

    /// Red where a banned peer is looked for under the wrong direction.
    @Test("A ban marks the connection that it came for")
    func ban() throws {
        var history = SwarmHistory()
        history.note(.peerConnected(try endpoint(1), direction: .incoming, member: nil), at: start)
        history.note(.peerBanned(try endpoint(1)), at: start)
        history.note(.peerBanned(try endpoint(2)), at: start)
        #expect(history.peers.count == 2 && history.peers.values.allSatisfy(\.isBanned))
    }
}
