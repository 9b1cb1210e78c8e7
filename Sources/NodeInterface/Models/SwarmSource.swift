/// A peer that has a job's file.
///
/// JSON has the properties under their names.
public struct SwarmSource: Sendable, Hashable, Codable {
    /// The peer's ID in the overlay.
    public var peerID: String
    /// How the node reaches the peer, such as `mesh`.
    public var transport: String
    /// The peer's IP address, where it is known; never a host name.
    public var address: String?
    /// The peer's BitTorrent port, 1 … 65535, where it is known.
    public var port: UInt16?

    /// Makes a source.
    public init(peerID: String, transport: String, address: String? = nil, port: UInt16? = nil) {
        self.peerID = peerID
        self.transport = transport
        self.address = address
        self.port = port
    }
}
