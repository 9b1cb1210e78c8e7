public import TorrentEngine

/// Where a node serves its control API to a browser beside the socket (Docs/Dashboard.md): a TCP port of this machine's
/// own address, for whoever has the token.
public struct LoopbackOptions: Sendable, Hashable {
    /// `127.0.0.1` or `::1`.
    public let address: IPAddress
    /// The port; 0 lets the system choose.
    public let port: UInt16
    /// The file that holds the token, 0600, made where it is missing; nil for one beside the socket, with `.token`
    /// behind its name.
    public var tokenFile: String?

    /// Reads `127.0.0.1:9080` or `[::1]:9080`.
    ///
    /// - Throws: `.malformed`, or `.invalidArgument` for any other address: nothing of the API leaves the machine.
    public init(parsing text: String, tokenFile: String? = nil) throws(EngineError) {
        let listen = try ListenAddress(parsing: text)
        guard let address = listen.address, Self.addresses.contains(address.description) else {
            throw EngineError(
                .invalidArgument, "serve the control API on \(text)",
                reason: "only 127.0.0.1 and [::1] are this machine's alone",
                remedy: "write 127.0.0.1:9080, and reach it from elsewhere through ssh -L")
        }
        self.address = address
        port = listen.port
        self.tokenFile = tokenFile
    }

    private static let addresses: Set = ["127.0.0.1", "::1"]
}
