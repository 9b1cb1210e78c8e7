/// Finds the `.torrent` of an info-hash in something that the node has: a library, a cache.
///
/// The node supplies this. Where no resolver knows an info-hash, the members of the swarm are asked (BEP 9).
public protocol MetainfoResolver: Sendable {
    /// What it is called, for the error that lists who was asked.
    var name: String { get }

    /// Looks the torrent up.
    ///
    /// - Parameters:
    ///   - infoHash: 40 lower-case hexadecimal digits (BEP 3).
    ///   - maximumBytes: The most that is wanted, in bytes.
    /// - Returns: The bytes of a `.torrent` file; nil where it is not known. They are parsed and sanitised as untrusted
    ///   input, and used only if their info-hash is that one.
    /// - Throws: `BackendError` where it could not look, such as `.storage`; the next resolver is asked then. A
    ///   cancelled task ends with `.cancelled`.
    func metainfo(infoHash: String, maximumBytes: Int) async throws(BackendError) -> [UInt8]?
}
