public import NodeInterface
import TorrentEngine

/// A file verifier for nodes whose hashes are SHA-256 of the whole file: `sha256:` and 64 hexadecimal digits, or the
/// digits alone, in either case.
public struct SHA256FileVerifier: FileVerifier {
    private static let prefix = "sha256:"

    /// Makes a verifier.
    public init() {}

    /// The hash of a file in this form, for the job that it is to be had by.
    ///
    /// - Throws: `.storage` where it cannot be read, `.unsupported` for what is no regular file, `.cancelled`.
    public static func hash(of path: String) async throws(BackendError) -> String {
        let digest = try await translatingErrors { () throws(EngineError) in
            try await FileDigest.sha256(of: path)
        }
        return prefix + hexadecimal(digest)
    }

    /// Whether the file has the hash.
    public func matches(path: String, file: SwarmFile) async throws(BackendError) -> Bool {
        var digits = file.hash.lowercased()
        if digits.hasPrefix(Self.prefix) { digits.removeFirst(Self.prefix.count) }
        let isHex = digits.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        guard digits.utf8.count == 64, isHex else {
            throw BackendError(
                .unsupported, "verify \(quoted(path))", reason: "the hash that is wanted is no SHA-256",
                remedy: "give the job a hash of the form sha256:HEX, or supply another FileVerifier")
        }
        return try await Self.hash(of: path) == Self.prefix + digits
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }
}
