public import TorrentEngine

/// Tells who may be in a swarm, as it changes.
///
/// Every member that it names says where it comes from (``Member/source``), and counts only where the options allow
/// that: an overlay's members are no members under `AllowedPeerSources=InviteList`, neither to be dialled nor to dial.
public protocol PeerSource: Sendable {
    /// The members that this source names for a job: all of them at once, first as it is now, then after each change.
    ///
    /// Each list replaces the one before: whoever is named no more is cut. Lists that came in between may be left
    /// out, the last one never. Where the stream ends, the source names nobody any more. A reader that no longer
    /// wants it ends its iteration.
    ///
    /// - Parameter jobID: The job; nil for a torrent that belongs to none.
    func members(jobID: String?) -> AsyncStream<[Member]>
}
