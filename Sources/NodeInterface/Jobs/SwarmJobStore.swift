/// The jobs that this node knows, and who takes part in them. The node supplies it.
public protocol SwarmJobStore: Sendable {
    /// The job with that ID; nil where none is known.
    ///
    /// The ID may come from a peer's message: it is a key, and never a path or a pattern.
    func job(id: String) async -> SwarmJob?

    /// Whether a peer takes part in a job: false for a job that is not known.
    ///
    /// - Parameters:
    ///   - peerID: The peer, as the overlay's authenticated channel proves it.
    ///   - jobID: The job's ID.
    func isParticipant(_ peerID: String, inJob jobID: String) async -> Bool
}
