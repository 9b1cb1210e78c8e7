import TorrentEngine

/// One who is no member, knows the info-hash, and tries every door: raw sockets, no engine.
struct Stranger: Sendable {
    /// What came of it.
    struct Result: Sendable, Equatable {
        /// How many connections stood, so that its words could be heard.
        var connections = 0
        /// How many could not be made at all.
        var unheard = 0
        /// Every byte that came back, over TCP and UDP.
        var receivedBytes = 0
    }

    /// How it opens a conversation.
    enum Opening: CaseIterable, Sendable {
        /// BEP 3's handshake, BEP 10's, and a BEP 9 request, without waiting for any answer.
        case plaintext
        /// The same with an info-hash that does not exist, which should make no difference.
        case wrongInfoHash
        /// The Diffie-Hellman key of MSE, and its padding.
        case obfuscated
        case garbage

        func bytes(_ infoHash: InfoHash) -> [UInt8] {
            switch self {
            case .plaintext: Self.words(infoHash.bytes)
            case .wrongInfoHash: Self.words(PeerBytes.random(InfoHash.byteCount))
            case .obfuscated: PeerBytes.obfuscatedHandshake()
            case .garbage: PeerBytes.random(400)
            }
        }

        private static func words(_ infoHash: [UInt8]) -> [UInt8] {
            PeerBytes.handshake(infoHash) + PeerBytes.extensionHandshake + PeerBytes.metadataRequest
        }
    }

    let address: IPAddress
    let infoHash: InfoHash
    /// How long it listens for an answer, in milliseconds, where the other side does not close.
    var patience: Int32 = 1000

    /// Tries each opening, and a uTP SYN over UDP, at each of the doors.
    ///
    /// Blocks for as long as the patience.
    func knock(at doors: [PeerEndpoint]) throws(EngineError) -> Result {
        var result = Result()
        var open: [RawSocket] = []
        for door in doors {
            for opening in Opening.allCases {
                let socket = try RawSocket(.tcp, at: address)
                guard socket.connect(to: door, within: patience) else {
                    result.unheard += 1
                    continue
                }
                result.connections += 1
                socket.send(opening.bytes(infoHash))
                open.append(socket)
            }
            let datagrams = try RawSocket(.udp, at: address)
            _ = datagrams.connect(to: door)
            datagrams.send(PeerBytes.utpSyn())
            open.append(datagrams)
        }
        result.receivedBytes = listen(to: open)
        return result
    }

    private func listen(to sockets: [RawSocket]) -> Int {
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(Int(patience))
        var open = sockets
        var bytes = 0
        while !open.isEmpty, clock.now < deadline {
            RawSocket.waitReadable(open, within: 20)
            open = open.filter { socket in
                while true {
                    switch socket.receive() {
                    case .bytes(let some): bytes += some.count
                    case .nothingYet: return true
                    case .closed: return false
                    }
                }
            }
        }
        return bytes
    }
}
