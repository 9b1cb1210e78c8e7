import TorrentEngine

/// A member that gossips: admitted, it names outsiders in every way that it has, and looks whether it is offered PEX
/// or ut_holepunch.
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
        /// Connections on which PEX was offered to it or came.
        var pexOffers = 0
        /// Connections on which ut_holepunch was offered to it.
        var holepunchOffers = 0
    }

    /// What it says on a connection of its own: an engine that does not know a message hangs up on it.
    struct Speech: Sendable {
        var handshake = PeerBytes.extensionHandshake
        /// Once it was answered.
        let message: [UInt8]
        /// Whether it hangs up then.
        var hangsUp = false
    }

    let address: IPAddress
    let speeches: [Speech]

    /// Gossips at each of the doors, and stays connected for `milliseconds`: the engine dials what it learns by PEX up
    /// to a second later.
    ///
    /// Blocks that long, or until `isOver`.
    func gossip(
        at doors: [Door], for milliseconds: Int, until isOver: () -> Bool = { false }
    ) throws(EngineError) -> Result {
        var talks: [Talk] = []
        for door in doors {
            for speech in speeches {
                let socket = try RawSocket(.tcp, at: address)
                guard socket.connect(to: door.endpoint) else { continue }
                socket.send(PeerBytes.handshake(door.infoHash.bytes) + speech.handshake)
                talks.append(Talk(socket: socket, message: speech.message, hangsUp: speech.hangsUp))
            }
        }
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(milliseconds)
        while clock.now < deadline, !isOver() {
            RawSocket.waitReadable(talks.compactMap(\.socket), within: 20)
            for index in talks.indices { talks[index].goOn() }
        }
        var result = Result(connections: talks.count)
        for talk in talks { talk.add(to: &result) }
        return result
    }

    /// One of its connections.
    private struct Talk {
        private(set) var socket: RawSocket?
        /// What it has to say, once the other side has answered; then nil.
        var message: [UInt8]?
        let hangsUp: Bool
        var received: [UInt8] = []
        init(socket: RawSocket, message: [UInt8], hangsUp: Bool) {
            self.socket = socket
            self.message = message
            self.hangsUp = hangsUp
        }

        var isAnswered: Bool { received.count >= PeerBytes.handshakeLength }

        mutating func goOn() {
            reading: while let socket {
                switch socket.receive() {
                case .bytes(let some): received += some
                case .nothingYet: break reading
                case .closed: self.socket = nil
                }
            }
            guard let message, isAnswered else { return }
            socket?.send(message)
            self.message = nil
            if hangsUp { socket = nil }
        }

        func add(to result: inout Result) {
            result.receivedBytes += received.count
            if isAnswered { result.answered += 1 }
            if contains("6:ut_pex") || contains("5:added") { result.pexOffers += 1 }
            if contains("12:ut_holepunch") { result.holepunchOffers += 1 }
        }

        private func contains(_ text: String) -> Bool { received.firstRange(of: Array(text.utf8)) != nil }
    }
}
