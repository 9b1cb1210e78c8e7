import CLibtorrent

extension clt_endpoint {
    /// An address with the port that goes with it; 0 where there is none.
    init(_ address: IPAddress, port: UInt16) {
        self.init()
        family = address.family.rawValue
        self.port = port
        withUnsafeMutableBytes(of: &self.address) { $0.copyBytes(from: address.bytes) }
    }

    /// An endpoint.
    init(_ endpoint: PeerEndpoint) { self.init(endpoint.address, port: endpoint.port) }
}

extension IPAddress {
    /// The address of an endpoint; nil where its family is neither IPv4 nor IPv6 (an unset endpoint is all zeros).
    init?(_ native: clt_endpoint) {
        guard let family = Family(rawValue: native.family) else { return nil }
        self.init(bytes: withUnsafeBytes(of: native.address) { Array($0.prefix(family.bitCount / 8)) })
    }
}

extension PeerEndpoint {
    /// An endpoint of the shim; nil where it is unset, or has no port.
    init?(_ native: clt_endpoint) {
        guard native.port > 0, let address = IPAddress(native) else { return nil }
        self.init(address, native.port)
    }
}

extension AddressRule {
    /// `first` and `last` of a `clt_member`: the port is in `first`, 0 for any.
    var native: (first: clt_endpoint, last: clt_endpoint) {
        (clt_endpoint(firstAddress, port: port ?? 0), clt_endpoint(lastAddress, port: 0))
    }
}
