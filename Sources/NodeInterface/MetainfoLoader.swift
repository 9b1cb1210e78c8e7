/// Fetches a `.torrent` file from a URL, for a variant that names one.
///
/// The node supplies this, because it alone knows how it may reach the network: this package makes no HTTP request.
public protocol MetainfoLoader: Sendable {
    /// Loads the file.
    ///
    /// - Parameters:
    ///   - url: The URL, as the variant gave it. It is untrusted: which schemes and hosts are allowed, redirects
    ///     included, is the loader's policy.
    ///   - maximumBytes: The most that is wanted, in bytes. A loader stops there and throws `.limitExceeded`; it
    ///     never returns more.
    /// - Returns: The bytes of the file. They are parsed and sanitised as untrusted input.
    /// - Throws: `BackendError`, such as `.network`, `.refused`, `.timedOut`, `.limitExceeded`. A cancelled task ends
    ///   with `.cancelled`.
    func loadMetainfo(url: String, maximumBytes: Int) async throws(BackendError) -> [UInt8]
}
