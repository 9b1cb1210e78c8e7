import CLibtorrent

/// Owns the shim's engine handle: created, closed once, or destroyed with its last reference.
final class NativeEngine: @unchecked Sendable {
    // @unchecked: the shim allows any number of threads on an engine; the pointer itself never changes, and `isOpen`
    // is touched only by the engine's actor and, after it, by the one who ends it.
    let handle: OpaquePointer
    private var isOpen = true

    init(_ configuration: EngineConfiguration) throws(EngineError) {
        var options = clt_engine_options()
        options.struct_size = UInt32(MemoryLayout<clt_engine_options>.size)
        options.abi_version = CLT_ABI_VERSION
        options.stealth = configuration.isStealthy ? 1 : 0
        options.encryption = Int32(configuration.encryption.native.rawValue)
        options.connections_limit = try Self.number(
            configuration.connectionsLimit, 2...65_000, "connectionsLimit")
        options.newcomers_per_address = try Self.number(
            configuration.newcomersPerAddress, 1...65_000, "newcomersPerAddress")
        options.peers_per_address = try Self.number(
            configuration.peersPerAddress, 1...65_000, "peersPerAddress")
        options.disk_threads = try Self.number(configuration.diskThreads, 1...64, "diskThreads")
        options.progress_interval_ms = Swift.max(10, configuration.progressInterval.wholeMilliseconds)
        options.max_metadata_bytes = UInt64(clamping: configuration.limits.maxBytes)
        options.max_pieces = UInt64(clamping: configuration.limits.maxPieces)
        options.max_tokens = UInt64(clamping: configuration.limits.maxTokens)
        let listen = configuration.listen.map(\.description).joined(separator: ",")
        let outgoing = configuration.outgoingInterfaces
        var created: OpaquePointer?
        let remedy = configuration.interfaceRemedy
        try nativeCall("start an engine", remedy: remedy) { error in
            withBorrowed(listen) { listenPointer, listenLength in
                withBorrowed(outgoing) { outgoingPointer, outgoingLength in
                    options.listen_interfaces = listenPointer
                    options.listen_interfaces_length = listenLength
                    options.outgoing_interfaces = outgoingPointer
                    options.outgoing_interfaces_length = outgoingLength
                    return clt_engine_create(&options, &created, error)
                }
            }
        }
        guard let created else {
            throw EngineError(.internalFailure, "start an engine", reason: "the shim returned no engine")
        }
        handle = created
    }

    /// Blocks until the engine's threads have ended, or `limit` has passed.
    func close(within limit: Duration) throws(EngineError) {
        guard isOpen else { return }
        isOpen = false
        try nativeCall("shut the engine down") { clt_engine_destroy(handle, limit.wholeMilliseconds, $0) }
    }

    func destroy(within limit: Duration) { try? close(within: limit) }

    private static func number(
        _ value: Int, _ range: ClosedRange<Int>, _ name: String
    ) throws(EngineError) -> UInt32 {
        guard range.contains(value) else {
            throw EngineError(
                .invalidArgument, "start an engine",
                reason: "\(name) is \(value), outside \(range.lowerBound)…\(range.upperBound)")
        }
        return UInt32(value)
    }
}

extension StreamEncryption {
    var native: clt_encryption {
        switch self {
        case .handshakeOnly: CLT_ENCRYPTION_HANDSHAKE
        case .off: CLT_ENCRYPTION_OFF
        case .full: CLT_ENCRYPTION_FULL
        case .required: CLT_ENCRYPTION_REQUIRED
        }
    }
}

extension Duration {
    /// Whole milliseconds, as far as they fit.
    var wholeMilliseconds: UInt32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt32(clamping: min(seconds, 1 << 32) * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
