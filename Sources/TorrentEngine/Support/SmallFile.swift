#if canImport(Glibc)
    import Glibc
#endif

/// Reads a whole regular file of at most `limit` bytes.
///
/// Blocks; a FIFO cannot make it wait.
///
/// - Parameter followsLink: Whether a symbolic link at the path will do.
package func readSmallFile(
    _ path: String, limit: Int, followsLink: Bool = true, operation: String
) throws(EngineError) -> [UInt8] {
    let file = try Descriptor(
        path, O_RDONLY | O_NONBLOCK | O_NOCTTY | (followsLink ? 0 : O_NOFOLLOW), operation: operation)
    return try readSmallFile(file, limit: limit, operation: operation, path: path)
}

/// Reads the whole regular file that stands behind a descriptor, of which nothing was read yet.
package func readSmallFile(
    _ file: Descriptor, limit: Int, operation: String, path: String
) throws(EngineError) -> [UInt8] {
    let status = try file.status(operation, path: path)
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw EngineError(.inputOutput, operation, reason: "it is not a regular file", path: path)
    }
    guard status.st_size <= limit else {
        throw EngineError(
            .limitExceeded, operation, reason: "it is larger than \(limit) bytes", path: path)
    }
    var out = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
    var count = 0
    while count < out.count {
        let got = out.withUnsafeMutableBytes {
            read(file.number, $0.baseAddress.map { $0 + count }, $0.count - count)
        }
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else { throw EngineError(operation, errno: errno, path: path) }
        if got == 0 { break }
        count += got
    }
    guard count <= Int(status.st_size) else {
        throw EngineError(.contentChanged, operation, reason: "it grew while it was read", path: path)
    }
    return Array(out.prefix(count))
}

extension EngineError {
    /// A failed call of the file system.
    package init(_ operation: String, errno: Int32, path: String?) {
        self.init(
            Code(fileErrno: errno), operation, reason: String(cString: strerror(errno)), path: path,
            systemErrno: errno)
    }

    /// The same error, of that file.
    func with(path: String) -> EngineError {
        EngineError(
            code, operation, reason: reason, remedy: remedy, path: path, systemErrno: systemErrno)
    }
}
