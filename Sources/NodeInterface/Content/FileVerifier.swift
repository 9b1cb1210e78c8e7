/// Compares a file on disk with what a job or item says of it. The node supplies it, because the hash has its form.
public protocol FileVerifier: Sendable {
    /// Whether the file's hash is the one that is wanted.
    ///
    /// It reads the file, off the cooperative pool, and ends early where the task is cancelled.
    ///
    /// - Parameters:
    ///   - path: The absolute path of the file. Its size is right already.
    ///   - file: What it must be.
    /// - Throws: `.storage` where it cannot be read, `.unsupported` where the hash has a form that is not known,
    ///   `.cancelled`.
    func matches(path: String, file: SwarmFile) async throws(BackendError) -> Bool
}
