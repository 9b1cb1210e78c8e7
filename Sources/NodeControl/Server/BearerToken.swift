public import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// What a client of the control API over TCP must know: 32 random bytes in hexadecimal, in a file that only the node's
/// user can read.
public struct BearerToken: Sendable {
    /// The 64 digits. A secret: whoever has it may do everything.
    public let text: String

    private static let digits = 64

    /// Reads the token of a node.
    ///
    /// Blocks for moments.
    ///
    /// - Throws: `.inputMissing` where there is no file, `.permissionDenied` where it is another user's or others can
    ///   reach it, `.malformed` where it holds something else.
    public init(readingFrom path: String) throws(EngineError) {
        // Root may read it for the user that runs the node.
        try self.init(path, isRootTrusted: true)
    }

    private init(_ path: String, isRootTrusted: Bool) throws(EngineError) {
        let operation = "read the token \(quoted(path))"
        let descriptor = try Descriptor(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, operation: operation)
        let status = try descriptor.status(operation, path: path)
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw EngineError(
                .malformed, operation, reason: "it is no regular file", remedy: "name another", path: path)
        }
        guard status.st_uid == geteuid() || isRootTrusted && geteuid() == 0 else {
            throw EngineError(
                .permissionDenied, operation, reason: "it belongs to user \(status.st_uid)",
                remedy: "run this as that user", path: path)
        }
        guard status.st_mode & 0o077 == 0 else {
            throw EngineError(
                .permissionDenied, operation, reason: "others have access to it, and may know the token",
                remedy: "remove it: the node makes a new one at its next start", path: path)
        }
        let bytes = try readSmallFile(descriptor, limit: 1024, operation: operation, path: path)
        let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        guard text.utf8.count == Self.digits, text.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw EngineError(
                .malformed, operation, reason: "it does not hold \(Self.digits) hexadecimal digits",
                remedy: "remove it: the node makes a new one at its next start", path: path)
        }
        self.text = String(text)
    }

    /// Reads the token, and makes one where there is no file.
    init(at path: String) throws(EngineError) {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw EngineError(
                .invalidArgument, "keep a token in \(quoted(path))", reason: "it is no absolute path",
                path: path)
        }
        var status = stat()
        if lstat(path, &status) != 0, errno == ENOENT { try Self.make(at: path) }
        // Whoever else owns it knows it.
        try self.init(path, isRootTrusted: false)
    }

    private static func make(at path: String) throws(EngineError) {
        let operation = "make the token \(quoted(path))"
        // Under another name until it is whole and on disk: neither a crash nor a power cut leaves half a token.
        let draft = "\(path).new"
        if Glibc.unlink(draft) != 0, errno != ENOENT {
            throw EngineError(operation, errno: errno, path: draft)
        }
        let file = try Descriptor(
            draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, operation: operation)
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<digits / 2).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        try file.write(Array("\(text)\n".utf8), at: 0, operation: operation, path: draft)
        guard fsync(file.number) == 0, rename(draft, path) == 0 else {
            throw EngineError(operation, errno: errno, path: path)
        }
    }

    /// Whether a client's word is the token; takes the same time wherever it differs.
    func matches(_ candidate: some StringProtocol) -> Bool {
        let (own, given) = (Array(text.utf8), Array(candidate.utf8))
        guard own.count == given.count else { return false }
        var difference: UInt8 = 0
        for (left, right) in zip(own, given) { difference |= left ^ right }
        return difference == 0
    }
}
