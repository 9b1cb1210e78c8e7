import CLibtorrent

/// Limits in bytes of BitTorrent traffic a second; 0 for none.
public struct RateLimits: Sendable, Hashable {
    /// To peers.
    public var upload: UInt64
    /// From peers.
    public var download: UInt64

    /// Makes limits; without an argument, none.
    public init(upload: UInt64 = 0, download: UInt64 = 0) {
        self.upload = upload
        self.download = download
    }
}

/// A class of torrents that share limits: 1…8. What each is for is its user's to say.
public struct RateClass: RawRepresentable, Sendable, Hashable {
    /// Its number.
    public let rawValue: UInt32

    /// Makes a class; nil unless the number is 1…8.
    public init?(rawValue: UInt32) {
        guard (1...UInt32(CLT_RATE_CLASSES)).contains(rawValue) else { return nil }
        self.init(number: rawValue)
    }

    /// - Parameter number: Known to be 1…8.
    package init(number: UInt32) { rawValue = number }
}

extension Engine {
    /// Limits of the whole engine. They hold on loopback and private ranges too.
    public func setRateLimits(_ limits: RateLimits) throws(EngineError) {
        try setRateLimits(upload: limits.upload, download: limits.download)
    }

    /// Limits that all torrents of a class share, beside each torrent's own and the engine's; live.
    ///
    /// - Throws: `.versionMismatch` where libtorrent is another than the one that classes were made for; `.shutDown`.
    public func setRateLimits(_ limits: RateLimits, of rateClass: RateClass) throws(EngineError) {
        let operation = "limit rate class \(rateClass.rawValue)"
        let handle = try liveHandle(operation)
        try nativeCall(operation) {
            clt_engine_set_class_limits(handle, rateClass.rawValue, limits.upload, limits.download, $0)
        }
        classLimits[rateClass] = limits
    }

    func setRateClass(_ rateClass: RateClass?, of id: Torrent.ID) throws(EngineError) {
        let operation = "change the rate class of torrent \(id)"
        let handle = try liveHandle(operation)
        try nativeCall(operation) { clt_torrent_set_rate_class(handle, id.raw, rateClass?.rawValue ?? 0, $0) }
        records[id]?.rateClass = rateClass
    }
}

extension Torrent {
    /// Puts it into a class of torrents that share limits, or (nil) into none; live.
    ///
    /// - Throws: `.versionMismatch`, `.torrentNotFound`, `.shutDown`.
    public func setRateClass(_ rateClass: RateClass?) async throws(EngineError) {
        try await engine.setRateClass(rateClass, of: id)
    }
}
