public import PrivateTorrent
public import TorrentEngine

/// `GET /v1/torrents/{infoHash}/explain`.
public struct ExplanationReport: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Why it does not move, or that nothing is wrong.
    public let explanation: Explanation
}

/// The body of `POST …/ping`.
public struct PingRequest: Codable, Sendable, Hashable {
    /// Where the member is: `10.0.0.1:6881`.
    public var endpoint: PeerEndpoint
    /// How long to wait, in seconds: more than 0, at most 60; 15 unless told.
    public var seconds: Double?

    /// Makes a request.
    public init(endpoint: PeerEndpoint, seconds: Double? = nil) {
        self.endpoint = endpoint
        self.seconds = seconds
    }
}

/// The answer to `POST …/ping`.
public struct PingReport: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// How far the connection got.
    public let probe: PeerProbe
}
