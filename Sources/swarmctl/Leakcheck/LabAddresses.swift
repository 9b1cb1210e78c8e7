import TorrentEngine

/// Who is where in the network of the leak check, each with an address of either family.
struct LabAddresses: Sendable {
    /// A host of that network; the raw value is the end of its addresses.
    enum Host: UInt8, CaseIterable, Sendable {
        case gateway = 1
        case seed = 11
        case member = 12
        /// A member that behaves as no member should.
        case gossip = 13
        /// A member of another torrent of the same engine: in the session's filter, and no member here.
        case memberOfAnother = 14
        case stranger = 20
        case httpTracker = 30
        case udpTracker = 31
        case webSeed = 32
        case httpSeed = 33
        case dhtNode = 34
        case magnetPeer = 35
        case pexPeer = 36
        case holepunchPeer = 37
        case localPeer = 38
        case resolver = 53
    }

    /// Where the engines listen, and members are dialled.
    static let port: UInt16 = 6881
    /// Where everybody else listens.
    static let outsidePort: UInt16 = 7000
    /// Ports of members at which nobody was told to dial.
    static let (pexPort, holepunchPort, ownPort): (UInt16, UInt16, UInt16) = (7001, 7002, 7003)

    let lsdGroups: [IPAddress]
    let ssdpGroups: [IPAddress]
    private let table: [Host: [IPAddress]]

    init() throws(EngineError) {
        var table: [Host: [IPAddress]] = [:]
        for host in Host.allCases {
            table[host] = [
                try IPAddress(parsing: "10.77.0.\(host.rawValue)"),
                try IPAddress(parsing: "fd00:77::\(host.rawValue)"),
            ]
        }
        self.table = table
        lsdGroups = [try IPAddress(parsing: "239.192.152.143"), try IPAddress(parsing: "ff15::efc0:988f")]
        ssdpGroups = [
            try IPAddress(parsing: "239.255.255.250"), try IPAddress(parsing: "ff02::c"),
            try IPAddress(parsing: "ff05::c"), try IPAddress(parsing: "ff08::c"),
            try IPAddress(parsing: "ff0e::c"),
        ]
    }

    /// The IPv4 address, then the IPv6 one.
    subscript(_ host: Host) -> [IPAddress] { table[host] ?? [] }

    func host(of address: IPAddress) -> Host? { table.first { $0.value.contains(address) }?.key }

    func endpoints(_ host: Host, port: UInt16 = Self.outsidePort) throws(EngineError) -> [PeerEndpoint] {
        var out: [PeerEndpoint] = []
        for address in self[host] { out.append(try PeerEndpoint(address: address, port: port)) }
        return out
    }

    /// As `ip` takes them.
    func withPrefix(_ host: Host) -> [String] { zip(self[host], ["/24", "/64"]).map { "\($0)\($1)" } }
}
