import Metrics
public import TorrentEngine

extension MetricDescription {
    /// What a ``ControlServer`` records.
    public static let control: [MetricDescription] = [
        controlRequests, controlRequestTime, eventSubscribers, clientDroppedEvents,
    ]

    static let controlRequests = MetricDescription(
        "privatetorrent_control_requests", .counter, ["method", "route", "status"],
        help: "Requests of the control API, by the route's template and the class of the answer.")
    static let controlRequestTime = MetricDescription(
        "privatetorrent_control_request_duration", .timer,
        help: "From a request to its answer; of an event stream, to its beginning.")
    static let eventSubscribers = MetricDescription(
        "privatetorrent_event_subscribers", .gauge, help: "Clients that follow the events.")
    static let clientDroppedEvents = MetricDescription(
        "privatetorrent_control_events_dropped", .counter,
        help: "Events that clients of the control API were too slow for, each told of by a gap.")
}

/// What a control server records in swift-metrics.
struct ControlMetrics: Sendable {
    private let factory: any MetricsFactory
    private let requestTime: Timer
    private let subscribers: Meter
    private let dropped: Locked<SampledCounter>

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        requestTime = Timer(label: MetricDescription.controlRequestTime.label, factory: factory)
        subscribers = Meter(label: MetricDescription.eventSubscribers.label, factory: factory)
        dropped = Locked(
            SampledCounter(Counter(label: MetricDescription.clientDroppedEvents.label, factory: factory)))
    }

    /// A request was answered.
    ///
    /// - Parameters:
    ///   - route: Nil where there is none at its path: what clients make up is no dimension.
    ///   - time: Nil where it was not looked at.
    func answered(_ route: Route?, _ status: Int, after time: Duration? = nil) {
        let metric = MetricDescription.controlRequests
        let values = [route?.method ?? "other", route?.template ?? "other", "\(status / 100)xx"]
        Counter(label: metric.label, dimensions: metric.with(values), factory: factory).increment()
        if let time { requestTime.record(duration: time) }
    }

    /// Records how things are.
    func record(_ feed: EventFeed) {
        subscribers.set(Int64(feed.subscriberCount))
        dropped.withLock { $0.record(total: feed.missed) }
    }
}
