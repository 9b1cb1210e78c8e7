package import NodeInterface

/// Rate limits of the backend, as text: see ``RatePlan`` and ``RateSchedule``.
public struct RateLimitOptions: Sendable, Hashable {
    /// The limits outside of all periods: `up=10M down=20M background.up=500k`; empty, the default, for none.
    ///
    /// Key: `Limits:Rates`.
    public var rates: String
    /// Periods with other limits, the first that covers a moment counts: `mon-fri 08:00-18:00 up=1M`; default none.
    ///
    /// Key: `Limits:Schedule`.
    public var schedule: [String]
    /// The time zone of the periods, by its name in the tz database; default nil: the system's.
    ///
    /// Key: `Limits:TimeZone`.
    public var timeZone: String?

    /// Makes options; without an argument, no limits.
    public init(rates: String = "", schedule: [String] = [], timeZone: String? = nil) {
        self.rates = rates
        self.schedule = schedule
        self.timeZone = timeZone
    }

    /// The limits, by time of day.
    package func parsed() throws(BackendError) -> RateSchedule {
        try RateSchedule(otherwise: RatePlan(parsing: rates), periods: schedule, timeZone: timeZone)
    }

    func problems() -> [BackendError] {
        do throws(BackendError) {
            _ = try parsed()
            return []
        } catch {
            return [
                BackendError(
                    .invalidOptions, "use \(OptionKey.limits.full)",
                    reason: "cannot \(error.operation): \(error.reason)",
                    remedy: error.remedy)
            ]
        }
    }
}

extension RateLimitOptions: Codable {
    private enum CodingKeys: String, CodingKey {
        case rates = "Rates"
        case schedule = "Schedule"
        case timeZone = "TimeZone"
    }

    /// Reads the keys; one that is absent has its default.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        rates = try keys.decodeIfPresent(String.self, forKey: .rates) ?? ""
        schedule = try keys.decodeIfPresent([String].self, forKey: .schedule) ?? []
        timeZone = try keys.decodeIfPresent(String.self, forKey: .timeZone)
    }
}
