import CLibtorrent

/// Lends a string's UTF-8 to a C call, as pointer and length.
func withBorrowed<Result>(
    _ text: String, _ body: (UnsafePointer<CChar>?, Int) throws -> Result
) rethrows -> Result {
    var text = text
    return try text.withUTF8 { utf8 in
        try utf8.withMemoryRebound(to: CChar.self) { try body($0.baseAddress, $0.count) }
    }
}

/// The bytes of a `clt_bytes`, copied; the caller still frees it.
func copyBytes(_ bytes: OpaquePointer?) -> [UInt8] {
    var length = 0
    guard let data = clt_bytes_data(bytes, &length), length > 0 else { return [] }
    return Array(UnsafeBufferPointer(start: data, count: length))
}
