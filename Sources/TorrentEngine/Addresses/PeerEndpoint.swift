/// Where a peer can be reached, or came from: an address and a TCP port.
public struct PeerEndpoint: Sendable, Hashable {
    /// The address.
    public let address: IPAddress
    /// The port, 1 … 65535.
    public let port: UInt16

    /// Makes an endpoint.
    ///
    /// - Throws: `EngineError.Code.invalidArgument` for port 0.
    public init(address: IPAddress, port: UInt16) throws(EngineError) {
        guard port > 0 else {
            throw EngineError(
                .invalidArgument, "make an endpoint of \(address)", reason: "port 0 is no port of a peer",
                remedy: "give a port, 1 to 65535")
        }
        self.init(address, port)
    }

    /// Reads `10.0.0.1:6881` or `[2001:db8::1]:6881` (the form of `x.pe` in BEP 9, host names excepted).
    ///
    /// - Throws: `EngineError.Code.malformed`, or `.invalidArgument` for a port that is not in 1 … 65535.
    public init(parsing text: String) throws(EngineError) {
        self = try Refusal.naming("read the endpoint \(quoted(text))") { () throws(Refusal) in
            let parts = try EndpointText(text)
            let address = try parts.address()
            guard let port = parts.port else {
                throw .malformed(
                    "the port is missing",
                    remedy: address.family == .v4 ? "write \(address):6881" : "write [\(address)]:6881")
            }
            return PeerEndpoint(address, try EndpointText.port(port, minimum: 1))
        }
    }

    init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension PeerEndpoint: CustomStringConvertible {
    /// The text, such as `10.0.0.1:6881` or `[2001:db8::1]:6881`.
    ///
    /// Reading it gives an equal endpoint.
    public var description: String { address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}

extension PeerEndpoint: Comparable {
    /// By address, then by port.
    public static func < (left: PeerEndpoint, right: PeerEndpoint) -> Bool {
        (left.address, left.port) < (right.address, right.port)
    }
}
