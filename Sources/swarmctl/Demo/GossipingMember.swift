import TorrentEngine

/// A member that gossips: admitted, it names an outsider by PEX and by ut_holepunch, and looks whether it is offered
/// either.
///
/// A raw peer, no engine.
struct GossipingMember: Sendable {
    /// A torrent of a party.
    struct Door: Sendable {
        let endpoint: PeerEndpoint
        let infoHash: InfoHash
    }

    /// What came of it.
    struct Result: Sendable, Equatable {
        /// How many of its connections were answered with a handshake: what a stranger would get too, if let in.
        var answered = 0
        var connections = 0
        var receivedBytes = 0
        /// PEX and ut_holepunch that were offered to it or came from the parties.
        var counts = ChannelCounts()
    }

    let address: IPAddress
    /// Whom it names by PEX.
    let pexPeer: PeerEndpoint
    /// Whom it names by ut_holepunch.
    let holepunchPeer: PeerEndpoint

    /// Gossips at each of the doors, and stays connected for `milliseconds`: the engine dials what it learns by PEX up
    /// to a second later.
    ///
    /// Blocks that long, or until `isOver`.
    func gossip(
        at doors: [Door], for milliseconds: Int, until isOver: () -> Bool = { false }
    ) throws(EngineError) -> Result {
        var talks: [Talk] = []
        for door in doors {
            // Apart, because an engine that does not know a message hangs up on it.
            for message in [PeerBytes.pex(naming: pexPeer), PeerBytes.holepunch(naming: holepunchPeer)] {
                let socket = try RawSocket(.tcp, at: address)
                guard socket.connect(to: door.endpoint) else { continue }
                socket.send(PeerBytes.handshake(door.infoHash.bytes) + PeerBytes.extensionHandshake)
                talks.append(Talk(socket: socket, message: message))
            }
        }
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(milliseconds)
        while clock.now < deadline, !isOver() {
            RawSocket.waitReadable(talks.filter { !$0.isClosed }.map(\.socket), within: 20)
            for index in talks.indices { talks[index].goOn() }
        }
        var result = Result(connections: talks.count)
        for talk in talks { talk.add(to: &result) }
        return result
    }

    /// One of its connections.
    private struct Talk {
        let socket: RawSocket
        /// What it has to say, once the other side has answered; then nil.
        var message: [UInt8]?
        var received: [UInt8] = []
        var isClosed = false

        var isAnswered: Bool { received.count >= PeerBytes.handshakeLength }

        mutating func goOn() {
            reading: while !isClosed {
                switch socket.receive() {
                case .bytes(let some): received += some
                case .nothingYet: break reading
                case .closed: isClosed = true
                }
            }
            guard let message, isAnswered else { return }
            socket.send(message)
            self.message = nil
        }

        func add(to result: inout Result) {
            result.receivedBytes += received.count
            if isAnswered { result.answered += 1 }
            if contains("6:ut_pex") || contains("5:added") { result.counts[.pex] += 1 }
            if contains("12:ut_holepunch") { result.counts[.holepunch] += 1 }
        }

        private func contains(_ text: String) -> Bool { received.firstRange(of: Array(text.utf8)) != nil }
    }
}
