import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Everybody outside: trackers, web seeds, a DHT node, a resolver and the like, who answer what they are asked, so that
/// nothing is silent only because nobody was there.
final class LabHosts: Sendable {
    private let thread: LoopThread

    init(_ addresses: LabAddresses) throws(EngineError) {
        var listeners: [RawSocket] = []
        var datagrams: [RawSocket] = []
        var places: [(IPAddress, UInt16)] = []
        for host in LabAddresses.Host.allCases where ![.seed, .member].contains(host) {
            for address in addresses[host] {
                places.append((address, LabAddresses.outsidePort))
                switch host {
                case .resolver: places.append((address, 53))
                case .gateway: places.append((address, 5351))
                case .memberOfAnother:
                    places.append((address, LabAddresses.pexPort))
                    places.append((address, LabAddresses.holepunchPort))
                case .gossip:
                    places.append((address, LabAddresses.pexPort))
                    places.append((address, LabAddresses.ownPort))
                    places.append((address, LabAddresses.port))
                default: break
                }
            }
        }
        for (address, port) in places {
            listeners.append(try RawSocket.listening(at: address, port: port))
            datagrams.append(try RawSocket(.udp, at: address, port: port))
        }
        let (heard, sockets) = (listeners, datagrams)
        let connections = Locked<[RawSocket]>([])
        let resolved = addresses[.httpTracker]
        thread = try LoopThread {
            let open = connections.withLock { $0 }
            RawSocket.waitReadable(heard + sockets + open, within: 20)
            for listener in heard {
                while let made = listener.accept() { connections.withLock { $0.append(made) } }
            }
            for connection in open where !Self.serve(connection) {
                connections.withLock { all in all.removeAll { $0 === connection } }
            }
            for socket in sockets { Self.answer(socket, resolved: resolved) }
        }
    }

    func stop() { thread.stop() }

    /// A tracker's answer will do for every HTTP request.
    private static func serve(_ connection: RawSocket) -> Bool {
        switch connection.receive() {
        case .closed: return false
        case .bytes(let bytes) where bytes.starts(with: Array("GET ".utf8)):
            let body = "d8:intervali60e5:peers0:e"
            connection.send(
                Array("HTTP/1.0 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8))
            return false
        default: return true
        }
    }

    private static func answer(_ socket: RawSocket, resolved: [IPAddress]) {
        while case (.bytes(let bytes), let sender?) = socket.receiveFrom() {
            guard let to = try? PeerEndpoint(address: sender.address, port: sender.port) else { continue }
            if let answer = dnsAnswer(bytes, resolved) {
                socket.send(answer, to: to)
            } else if bytes.first == UInt8(ascii: "d") {
                // A DHT node that knows nobody (BEP 5).
                let id = String(repeating: "x", count: 20)
                socket.send(Array("d1:rd2:id20:\(id)5:nodes0:e1:t2:aa1:y1:re".utf8), to: to)
            } else if bytes.count >= 16 {
                // A UDP tracker that lets one connect (BEP 15).
                socket.send([0, 0, 0, 0] + bytes[12..<16] + [0, 0, 0, 0, 0, 0, 0, 1], to: to)
            }
        }
    }

    /// Every name has an address here, outside (RFC 1035 §4.1).
    private static func dnsAnswer(_ query: [UInt8], _ resolved: [IPAddress]) -> [UInt8]? {
        guard let name = dnsName(query), query.count >= 12 + name.utf8.count + 6 else { return nil }
        let question = Array(query[12..<(12 + name.utf8.count + 6)])
        let type = question[question.count - 3]
        guard query[2] & 0x80 == 0, type == 1 || type == 28 else { return nil }
        let address = resolved[type == 1 ? 0 : 1].bytes
        let header = Array(query[0..<2]) + [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
        return header + question + [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(address.count)] + address
    }
}
