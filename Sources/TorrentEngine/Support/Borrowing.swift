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

/// A function of the shim that lends bytes of the handle it is given.
typealias ByteGetter = (
    OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<Int>?,
    UnsafeMutablePointer<clt_error>?
) -> Int32

/// The bytes that `get` lends, copied; empty where it fails.
func copyBytes(of handle: OpaquePointer?, _ get: ByteGetter) -> [UInt8] {
    var bytes: UnsafePointer<UInt8>?
    var count = 0
    guard get(handle, &bytes, &count, nil) == Int32(CLT_OK.rawValue) else { return [] }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
}

func withBuffers<First, Second, Result>(
    _ first: [First], _ second: [Second],
    _ body: (UnsafeBufferPointer<First>, UnsafeBufferPointer<Second>) -> Result
) -> Result {
    first.withUnsafeBufferPointer { first in second.withUnsafeBufferPointer { body(first, $0) } }
}

func withBuffers<First, Second, Third, Result>(
    _ first: [First], _ second: [Second], _ third: [Third],
    _ body: (UnsafeBufferPointer<First>, UnsafeBufferPointer<Second>, UnsafeBufferPointer<Third>) -> Result
) -> Result {
    withBuffers(first, second) { first, second in
        third.withUnsafeBufferPointer { body(first, second, $0) }
    }
}
