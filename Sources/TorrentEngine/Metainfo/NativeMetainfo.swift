import CLibtorrent

/// Owns a `clt_metainfo`.
final class NativeMetainfo: @unchecked Sendable {
    // @unchecked: the shim's metainfo is immutable once parsed, and any number of threads may read it.
    let pointer: OpaquePointer

    init(bytes: [UInt8], isInfoAlone: Bool, limits: MetainfoLimits, operation: String) throws(EngineError) {
        var limits = limits.native
        var out: OpaquePointer?
        try nativeCall(operation, remedy: nil) { error in
            bytes.withUnsafeBufferPointer { buffer in
                isInfoAlone
                    ? clt_metainfo_parse_info(buffer.baseAddress, buffer.count, &limits, &out, error)
                    : clt_metainfo_parse(buffer.baseAddress, buffer.count, &limits, &out, error)
            }
        }
        guard let out else {
            throw EngineError(.internalFailure, operation, reason: "the shim returned nothing")
        }
        pointer = out
    }

    /// Takes over a metainfo of the shim's.
    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { clt_metainfo_free(pointer) }

    func summary(_ operation: String) throws(EngineError) -> clt_metainfo_summary {
        var out = clt_metainfo_summary()
        out.struct_size = UInt32(MemoryLayout<clt_metainfo_summary>.size)
        try nativeCall(operation) { clt_metainfo_get_summary(pointer, &out, $0) }
        return out
    }

    func file(_ index: UInt64, _ operation: String) throws(EngineError) -> clt_file {
        var out = clt_file()
        out.struct_size = UInt32(MemoryLayout<clt_file>.size)
        try nativeCall(operation) { clt_metainfo_get_file(pointer, index, &out, $0) }
        return out
    }

    /// The sanitised `.torrent`.
    func torrent() -> [UInt8] { copyBytes(of: pointer, clt_metainfo_get_torrent) }

    /// Empty where there are none (v2 only).
    func pieceHashes() -> [UInt8] { copyBytes(of: pointer, clt_metainfo_get_piece_hashes) }
}

/// A borrowed text of the shim's.
func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
    let bytes = UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : length)
    return String(decoding: bytes, as: UTF8.self)
}
