/// What identifies a torrent: the SHA-1 of its info dictionary (BEP 3), 20 bytes.
///
/// In a private swarm it is also the secret that a stranger lacks: do not print it where strangers read.
public struct InfoHash: Sendable, Hashable {
    /// How many bytes an info-hash has: 20.
    public static let byteCount = 20

    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    /// Makes an info-hash from its 20 bytes; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var rest = bytes[...]
        func next(_ count: Int) -> UInt64 {
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
        }
        high = next(8)
        middle = next(8)
        low = UInt32(next(4))
    }

    /// The 20 bytes.
    public var bytes: [UInt8] {
        Self.bytes(of: high) + Self.bytes(of: middle) + Self.bytes(of: low)
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}

extension InfoHash: CustomStringConvertible {
    /// 40 lower-case hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

extension InfoHash: Comparable {
    /// By their bytes.
    public static func < (left: InfoHash, right: InfoHash) -> Bool {
        (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
    }
}

extension InfoHash {
    /// Reads 40 hexadecimal or 32 base32 digits (RFC 4648), of either case.
    ///
    /// - Throws: `EngineError.Code.malformed`.
    public init(parsing text: String) throws(EngineError) {
        // What is much too long is not looked through.
        let digits = Array(text.utf8.prefix(41))
        let bits = digits.count == 40 ? 4 : 5
        let values = digits.compactMap { bits == 4 ? Self.hexValue($0) : Self.base32Value($0) }
        let isWhole = (digits.count == 40 || digits.count == 32) && values.count == digits.count
        guard isWhole, let hash = InfoHash(bytes: Self.pack(values, bits: bits)) else {
            throw EngineError(
                .malformed, "read the info-hash",
                reason: "it is neither 40 hexadecimal nor 32 base32 digits")
        }
        self = hash
    }

    private static func pack(_ values: [UInt8], bits: Int) -> [UInt8] {
        var out: [UInt8] = []
        var pending: UInt32 = 0
        var count = 0
        for value in values {
            pending = pending << UInt32(bits) | UInt32(value)
            count += bits
            guard count >= 8 else { continue }
            count -= 8
            out.append(UInt8(truncatingIfNeeded: pending >> UInt32(count)))
        }
        return out
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func base32Value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a")
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "2")...UInt8(ascii: "7"): digit - UInt8(ascii: "2") + 26
        default: nil
        }
    }
}

extension InfoHash: Codable {
    /// Reads the text form from a single string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            self = try InfoHash(parsing: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
        }
    }

    /// Writes the 40 hexadecimal digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
