import ArgumentParser
import PrivateTorrent
import TorrentEngine

/// Asks an engine of this build, on loopback, what it has open: the settings in force, the extensions that it offers a
/// member, and the sockets of the process.
struct EngineAudit: Sendable {
    /// What must be in force, by libtorrent's names.
    static let closed = [
        "enable_dht": "0", "enable_lsd": "0", "enable_upnp": "0", "enable_natpmp": "0",
        "enable_incoming_utp": "0", "enable_outgoing_utp": "0", "listen_system_port_fallback": "0",
        "allow_i2p_mixed": "0", "support_share_mode": "0", "anonymous_mode": "1",
        "dht_bootstrap_nodes": "", "user_agent": "", "peer_fingerprint": "",
    ]
    /// The messages that the engine may offer (BEP 10): metadata for members, and two that name nobody.
    static let harmless: Set<String> = ["ut_metadata", "lt_donthave", "upload_only"]

    private(set) var settings: [String: String] = [:]
    private(set) var extensions: [String] = []
    private(set) var sockets: [String] = []
    private(set) var problems: [AuditSubject: [String]] = [:]

    enum AuditSubject: String, CaseIterable, Sendable { case settings, extensions, sockets }

    static func run(seeding file: String, in folder: String) async throws -> EngineAudit {
        let (own, caller) = (try IPAddress(parsing: "127.0.0.1"), try IPAddress(parsing: "127.0.0.2"))
        let before = Set(SocketTable.sightings())
        let listen = try ListenOptions.parse(["127.0.0.1:0"])
        let (wire, logger) = (try WireOptions.parse([]), try CommonOptions.parse([]).logger)
        return try await EngineSession.with(listen: listen, wire: wire, logger: logger) { engine in
            let metainfo = try await TorrentCreator().create(of: file).metainfo
            let member = Member(try AddressRule(caller), source: .inviteList)
            _ = try await Seeder(engine: engine).seed(
                metainfo, in: folder, members: [member], isVerified: true)
            let ends = await engine.listeningEndpoints
            var audit = EngineAudit()
            audit.take(settings: try await engine.closedSettings())
            audit.take(sockets: SocketTable.sightings().filter { !before.contains($0) }, ends, own: own)
            if let end = ends.first {
                let heard = try await onThread { () throws(EngineError) in
                    try handshake(from: caller, at: end, metainfo.infoHash)
                }
                audit.take(handshake: heard)
            }
            return audit
        }
    }

    mutating func take(settings effective: [String: String]) {
        settings = effective
        for (name, value) in Self.closed.sorted(by: { $0.key < $1.key }) where effective[name] != value {
            problems[.settings, default: []].append("\(name) is \(effective[name] ?? "not known")")
        }
    }

    mutating func take(sockets seen: [SocketTable.Sighting], _ listening: [PeerEndpoint], own: IPAddress) {
        sockets = listening.map { "tcp \($0) listening" } + seen.map { "\($0)" }
        // The engine binds a UDP socket beside each listener, and with uTP and DHT off never uses it.
        let beside = Set(listening.map { SocketEnd($0) })
        for socket in seen {
            if socket.kind == .udp, socket.remote == nil, let local = socket.local, beside.contains(local) {
                continue
            }
            problems[.sockets, default: []].append("\(socket)")
        }
    }

    mutating func take(handshake bytes: [UInt8]) {
        extensions = Self.extensionNames(bytes)
        guard !extensions.isEmpty else {
            problems[.extensions] = ["no handshake came, so that nothing is known"]
            return
        }
        for name in extensions where !Self.harmless.contains(name) {
            problems[.extensions, default: []].append("it offers \(safe(name))")
        }
    }

    /// What an admitted member is told in the first second.
    private static func handshake(
        from caller: IPAddress, at end: PeerEndpoint, _ infoHash: InfoHash
    ) throws(EngineError) -> [UInt8] {
        let socket = try RawSocket(.tcp, at: caller)
        guard socket.connect(to: end) else { return [] }
        socket.send(PeerBytes.handshake(infoHash.bytes) + PeerBytes.extensionHandshake)
        var heard: [UInt8] = []
        for _ in 0..<200 where extensionNames(heard).isEmpty {
            RawSocket.waitReadable([socket], within: 20)
            if case .bytes(let some) = socket.receive() { heard += some }
        }
        return heard
    }

    /// The names in the dictionary `m` of a BEP 10 handshake that is somewhere in `bytes`.
    static func extensionNames(_ bytes: [UInt8]) -> [String] {
        guard let start = bytes.firstRange(of: Array("1:md".utf8)) else { return [] }
        var rest = bytes[start.upperBound...]
        var names: [String] = []
        while let first = rest.first, first != UInt8(ascii: "e") {
            guard let colon = rest.firstIndex(of: UInt8(ascii: ":")),
                let length = Int(String(decoding: rest[..<colon], as: UTF8.self)),
                length > 0, rest.distance(from: colon, to: rest.endIndex) > length
            else { return [] }
            let end = colon + 1 + length
            names.append(String(decoding: rest[(colon + 1)..<end], as: UTF8.self))
            guard let after = rest[end...].firstIndex(of: UInt8(ascii: "e")) else { return [] }
            rest = rest[(after + 1)...]
        }
        return names
    }
}
