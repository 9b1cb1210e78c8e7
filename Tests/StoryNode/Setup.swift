import NodeInterface

/// What a story node is told when it starts: a JSON file.
struct Setup: Decodable, Sendable {
    struct Job: Decodable, Sendable {
        var id: String
        var contentID: String
        var sizeBytes: UInt64
        var hash: String
        /// The variants that this node can seed, by ID: paths.
        var files: [String: String]
        var participants: [String]
    }

    var peerID: String
    var listen: String
    var downloads: String
    var shareRoots: [String]
    var isEnabled: Bool
    var allowsPeers: Bool
    var ttlSeconds: Int
    /// Bytes a second; 0 for no limit.
    var uploadLimit: UInt64
    var job: Job

    var swarmJob: SwarmJob {
        SwarmJob(
            jobID: job.id,
            file: SwarmFile(contentID: job.contentID, hash: job.hash, sizeBytes: job.sizeBytes),
            variants: job.files.sorted { $0.key < $1.key }.map {
                SwarmVariant(id: $0.key, reference: .localFile(path: $0.value))
            })
    }
}

/// What a story node is told while it runs: a JSON object a line on standard input.
enum Order: Decodable, Sendable {
    /// The mesh says where a peer of the job can be reached.
    case join(peer: String, endpoints: [String])
    /// The mesh delivers an envelope, base64, from a peer that it vouches for.
    case receive(from: String, envelope: String)
    /// Fetch a variant from a peer.
    case request(peer: String, variant: String)
    /// Give the request up.
    case cancel
    /// Say what is held and running.
    case state
    /// End.
    case stop
}

/// What a story node says: a JSON object a line on standard output.
struct Saying: Encodable, Sendable {
    var event: String
    var to: String?
    var envelope: String?
    var endpoints: [String]?
    var path: String?
    var code: String?
    var detail: String?
    var bytes: UInt64?
    var held: Int?
    var answering: Int?
    var drops: [String: UInt64]?

    init(_ event: String) { self.event = event }
}
