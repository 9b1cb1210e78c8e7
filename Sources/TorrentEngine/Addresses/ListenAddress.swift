#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the engine listens: an address of this machine or a network interface, and a port.
public struct ListenAddress: Sendable, Hashable {
    enum Host: Sendable, Hashable {
        case address(IPAddress)
        case interface(String)
    }

    let host: Host
    /// The port, 0 … 65535; 0 lets the system choose one.
    public let port: UInt16

    private init(host: Host, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Listens on an address of this machine; on `0.0.0.0` or `::`, on all of them.
    ///
    /// - Throws: `EngineError.Code.invalidArgument` for a multicast or broadcast address.
    public init(address: IPAddress, port: UInt16) throws(EngineError) {
        self = try Refusal.naming("listen on \(address)") { () throws(Refusal) in
            try ListenAddress(checking: address, port: port)
        }
    }

    /// Reads `10.0.0.1:6881`, `[2001:db8::1]:6881` or, for every address of an interface, `wg0:6881`.
    ///
    /// An interface name is 1 … 15 letters, digits, `-` and `_`, a letter among them. Whether this machine has the
    /// interface is not checked here, because it may come later: see ``checkInterface()``.
    ///
    /// - Throws: `EngineError.Code.malformed`, or `.invalidArgument` for a port that is not in 0 … 65535 and for an
    ///   address on which nothing can listen.
    public init(parsing text: String) throws(EngineError) {
        self = try Refusal.naming("read the listen address \(quoted(text))") { () throws(Refusal) in
            try ListenAddress(text: text)
        }
    }

    /// The address; nil where an interface is named.
    public var address: IPAddress? {
        guard case .address(let address) = host else { return nil }
        return address
    }

    /// The interface's name; nil where an address is given.
    public var interfaceName: String? {
        guard case .interface(let name) = host else { return nil }
        return name
    }

    /// Whether this is `0.0.0.0` or `::`: every address that this machine has now or gets later, public ones too.
    public var isWildcard: Bool { address?.isUnspecified ?? false }

    /// Asks the system whether it has the interface; does nothing where an address is given.
    ///
    /// - Throws: `EngineError.Code.addressNotAvailable` where it has not. The engine itself would not say so: it
    ///   turns the failed bind to a device into a bind to an address.
    public func checkInterface() throws(EngineError) {
        guard let interfaceName, if_nametoindex(interfaceName) == 0 else { return }
        let code = errno
        throw EngineError(
            .addressNotAvailable, "listen on \(self)",
            reason: "this machine has no network interface \(quoted(interfaceName))",
            remedy: "`ip link` lists the interfaces", systemErrno: code)
    }
}

extension ListenAddress {
    private init(checking address: IPAddress, port: UInt16) throws(Refusal) {
        if address.isMulticast || address.isBroadcast {
            throw .invalid("\(address) is a multicast or broadcast address: no peer can connect to it")
        }
        self.init(host: .address(address), port: port)
    }

    private init(text: String) throws(Refusal) {
        let parts = try EndpointText(text)
        if parts.host.contains("%") {
            throw .malformed("a zone ID is not supported", remedy: "name the interface: wg0:6881")
        }
        guard let portText = parts.port else {
            if !parts.isBracketed && parts.host.contains(":") {
                throw .malformed(
                    "an IPv6 address stands in brackets, with the port after them", remedy: "write [::1]:6881"
                )
            }
            throw .malformed(
                "the port is missing", remedy: "write wg0:6881 or 10.0.0.1:6881; port 0 takes any free one")
        }
        let port = try EndpointText.port(portText, minimum: 0)
        if parts.isBracketed || Self.looksNumeric(parts.host) {
            try self.init(checking: try parts.address(), port: port)
        } else {
            self.init(host: .interface(try Self.checkedInterfaceName(parts.host)), port: port)
        }
    }

    /// Digits and dots alone: an address, or nothing.
    private static func looksNumeric(_ host: String) -> Bool {
        host.utf8.allSatisfy {
            $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }

    private static func checkedInterfaceName(_ name: String) throws(Refusal) -> String {
        // A dot is a VLAN's by custom and a host name's far more often.
        if name.contains(".") || name.lowercased() == "localhost" {
            throw .malformed(
                "it looks like a host name, and names are not looked up: resolving it would tell a resolver",
                remedy: "write the IP address, or the name of a network interface")
        }
        let isPlain = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard isPlain, name.utf8.count <= 15, name.contains(where: \.isLetter) else {
            throw .malformed(
                "it is neither an IP address nor the name of a network interface (at most 15 letters, digits, - and _)",
                remedy: "write 10.0.0.1:6881, [::1]:6881 or wg0:6881")
        }
        return name
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The text, such as `10.0.0.1:6881` or `wg0:6881`.
    ///
    /// Reading it gives an equal value.
    public var description: String {
        switch host {
        case .address(let address): PeerEndpoint(address, port).description
        case .interface(let name): "\(name):\(port)"
        }
    }
}
