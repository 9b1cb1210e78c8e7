/// What a control server takes from one client, and from all.
public struct ControlLimits: Sendable, Hashable {
    /// Connections at once; above it a client is told so, and above twice of it let go without a word.
    public var connections = 256
    /// Event streams at once.
    public var subscribers = 128
    /// Bytes of a request's headers in all.
    public var headerBytes = 32 << 10
    /// Bytes of a request's body, but where it carries a `.torrent`.
    public var bodyBytes = 1 << 20
    /// Bytes of a request's body that carries a `.torrent` of 16 MiB in base64.
    public var torrentBodyBytes = 24 << 20
    /// How long a client may take for a request once it has begun with it.
    public var requestTime: Duration = .seconds(30)
    /// How long a client that will be refused may take until it asks.
    public var refusedTime: Duration = .seconds(2)
    /// How long a connection may stand between requests.
    public var idleTime: Duration = .seconds(60)
    /// How long a client may leave what was written to it unread before it is cut.
    public var stallTime: Duration = .seconds(10)
    /// How often an event stream that has nothing to say says so.
    public var heartbeat: Duration = .seconds(15)
    /// Events that are kept for clients that resume.
    public var keptEvents = 4096
    /// Events that come within so long of each other are sent together.
    public var batchTime: Duration = .milliseconds(200)
    /// Of these, so many wait for one client; it misses the others, and is told how many events.
    public var waitingBatches = 256

    /// Makes limits.
    public init() {}
}
