public import TorrentEngine

/// A peer of a torrent: connected, being dialled, or seen lately. What `peers` shows.
public struct PeerReport: Sendable, Hashable, Codable {
    /// Where it stands.
    public enum State: String, Sendable, Hashable, Codable {
        /// A member that can be dialled, and was not seen.
        case notSeen
        /// We dial it, and the TCP connection does not stand yet.
        case dialling
        /// The TCP connection stands, and the handshakes go on.
        case handshaking
        /// Both handshakes are done.
        case connected
        /// It is not connected; ``PeerReport/lastError`` says why, where that was an error.
        case gone
        /// It sent pieces that fail their hash, and is let in no more.
        case banned
    }

    /// How its last connection, or the attempt at one, ended.
    public struct Failure: Sendable, Hashable, Codable {
        /// Why.
        public var reason: DisconnectReason
        /// In the engine's words.
        public var detail: String
        /// Whether its handshake had been complete.
        public var wasConnected: Bool
        /// Whether its TCP connection had stood.
        public var wasReached: Bool
        /// How long ago, in seconds.
        public var secondsAgo: Double

        /// Makes a failure.
        public init(
            _ reason: DisconnectReason, detail: String = "", wasConnected: Bool = false,
            wasReached: Bool = false, secondsAgo: Double = 0
        ) {
            self.reason = reason
            self.detail = detail
            self.wasConnected = wasConnected
            self.wasReached = wasReached || wasConnected
            self.secondsAgo = secondsAgo
        }
    }

    /// Where it is: of one that dialled us, with the port that it dialled from.
    public var endpoint: PeerEndpoint
    /// Who dialled whom.
    public var direction: PeerDirection
    /// Where it stands.
    public var state: State
    /// Whose address that is, as policy knows it (`Member.peerID`).
    public var identity: String?
    /// The rule that admits it, as text; nil where none does any more.
    public var rule: String?
    /// Where that rule came from: `inviteList`, `overlay`, `invite`.
    public var source: String?
    /// What it calls itself: untrusted text.
    public var client = ""
    /// We want pieces that it has.
    public var isInteresting = false
    /// It does not send us what we ask for.
    public var isChokingUs = false
    /// It wants pieces that we have.
    public var isInterested = false
    /// We do not send it what it asks for.
    public var isChoked = false
    /// Payload from it, bytes a second.
    public var downloadRate: UInt64 = 0
    /// Payload to it, bytes a second.
    public var uploadRate: UInt64 = 0
    /// Payload from it over this connection, in bytes.
    public var downloadedBytes: UInt64 = 0
    /// Payload to it over this connection, in bytes.
    public var uploadedBytes: UInt64 = 0
    /// How many pieces it has, or had when that was last looked at.
    public var pieceCount = 0
    /// It has every piece.
    public var isSeed = false
    /// What it sends waits for a rate limit of ours.
    public var isDownloadLimited = false
    /// What we send it waits for a rate limit of ours.
    public var isUploadLimited = false
    /// How often it could not be reached, or was lost, since the last handshake.
    public var failures = 0
    /// How its last connection, or the attempt at one, ended, where it did and none stands; also while it is dialled again.
    public var lastError: Failure?
    /// When something of it was last seen, in seconds before now; nil where nothing was.
    public var lastSeenSecondsAgo: Double?

    /// Makes a report of a peer of which no more is known.
    public init(_ endpoint: PeerEndpoint, direction: PeerDirection, state: State, member: Member? = nil) {
        self.endpoint = endpoint
        self.direction = direction
        self.state = state
        identity = member?.peerID
        rule = member?.rule.description
        source = member?.source.description
    }
}

extension PeerReport.Failure {
    fileprivate init(_ end: SwarmHistory.End, now: ContinuousClock.Instant) {
        self.init(
            end.reason, detail: end.detail, wasConnected: end.wasConnected, wasReached: end.wasReached,
            secondsAgo: seconds(from: end.time, to: now))
    }
}

extension PeerReport {
    init(_ snapshot: PeerSnapshot, seen: SwarmHistory.Seen?, now: ContinuousClock.Instant) {
        let state: State =
            snapshot.isConnected ? .connected : snapshot.isDialling ? .dialling : .handshaking
        self.init(
            snapshot.endpoint, direction: snapshot.direction, state: state, member: snapshot.member)
        client = snapshot.client
        isInteresting = snapshot.isInteresting
        isChokingUs = snapshot.isRemoteChoking
        isInterested = snapshot.isRemoteInterested
        isChoked = snapshot.isChoked
        downloadRate = snapshot.downloadRate
        uploadRate = snapshot.uploadRate
        downloadedBytes = snapshot.downloadedBytes
        uploadedBytes = snapshot.uploadedBytes
        pieceCount = snapshot.pieceCount
        isSeed = snapshot.isSeed
        isDownloadLimited = snapshot.isDownloadLimited
        isUploadLimited = snapshot.isUploadLimited
        failures = seen?.failures ?? 0
        // Of one that is dialled again and again, as long as none of that comes to a connection.
        lastError = snapshot.isConnected ? nil : seen?.end.map { Failure($0, now: now) }
        lastSeenSecondsAgo = 0
    }

    /// Of one that is not connected; `member` is the entry that would admit it now.
    init(_ seen: SwarmHistory.Seen, member: Member?, now: ContinuousClock.Instant) {
        self.init(
            seen.endpoint, direction: seen.direction, state: seen.isBanned ? .banned : .gone,
            member: member)
        identity = seen.member?.peerID ?? identity
        pieceCount = seen.pieces.reduce(0) { $0 + $1.nonzeroBitCount }
        failures = seen.failures
        lastError = seen.end.map { Failure($0, now: now) }
        lastSeenSecondsAgo = seconds(from: seen.lastSeen, to: now)
    }
}

/// Never below 0.
func seconds(from earlier: ContinuousClock.Instant, to later: ContinuousClock.Instant) -> Double {
    max(0, (later - earlier) / .seconds(1))
}
