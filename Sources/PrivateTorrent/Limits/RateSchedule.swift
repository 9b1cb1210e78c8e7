import Foundation
public import NodeInterface

/// Limits by time of day.
///
/// A period as text: `mon-fri 08:00-18:00 up=1M background.up=100k`. Days are those on which it begins (all, where none
/// is named; `sat,sun` and `fri-mon` too), and so is the time (a whole day); one that ends before it begins ends on the
/// next day. What a period does not name is as it is otherwise.
public struct RateSchedule: Sendable, Hashable {
    struct Period: Sendable, Hashable {
        var days: Set<Int>  // 0 = Monday
        var begin: Int  // minutes of the day
        var end: Int  // at most a day later than `begin`
        var plan: RatePlan
    }

    private let otherwise: RatePlan
    let periods: [Period]
    private let zone: TimeZone

    /// Limits that are always the same.
    public init(always plan: RatePlan = RatePlan()) {
        otherwise = plan
        periods = []
        zone = .gmt
    }

    /// Reads a schedule.
    ///
    /// - Parameters:
    ///   - otherwise: The limits outside of all periods, and what a period does not name.
    ///   - periods: The first that covers a moment counts.
    ///   - timeZone: A name of the tz database, such as `Europe/Zurich`; nil takes the system's.
    /// - Throws: `.invalidOptions`.
    public init(otherwise: RatePlan, periods: [String], timeZone: String?) throws(BackendError) {
        self.otherwise = otherwise
        guard let zone = timeZone.map({ TimeZone(identifier: $0) }) ?? .autoupdatingCurrent else {
            throw BackendError(
                .invalidOptions, "use the time zone '\(timeZone ?? "")'",
                reason: "there is none of that name",
                remedy: "give a name of the tz database, such as Europe/Zurich, or UTC")
        }
        self.zone = zone
        var read: [Period] = []
        for text in periods { read.append(try Self.period(text, otherwise)) }
        self.periods = read
    }

    /// The limits that hold at a moment.
    public func plan(at time: UnixTime) -> RatePlan {
        guard !periods.isEmpty else { return otherwise }
        let seconds = time.milliseconds / 1000
        let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
        let local = seconds + Int64(offset)
        let day = (local - (local % 86_400 + 86_400) % 86_400) / 86_400
        let minute = Int((local - day * 86_400) / 60)
        // 1970 began on a Thursday.
        let weekday = Int(((day + 3) % 7 + 7) % 7)
        let period = periods.first { period in
            (period.days.contains(weekday) && (period.begin..<period.end).contains(minute))
                || (period.days.contains((weekday + 6) % 7)
                    && (period.begin..<period.end).contains(minute + 24 * 60))
        }
        return period?.plan ?? otherwise
    }

    // MARK: - Text

    private static func period(_ text: String, _ otherwise: RatePlan) throws(BackendError) -> Period {
        var words = text.split(separator: " ")[...]
        var period = Period(days: Set(0...6), begin: 0, end: 24 * 60, plan: otherwise)
        if let first = words.first, !first.contains("="), !first.contains(":") {
            guard let days = days(words.removeFirst()) else {
                throw RatePlan.wrong(text, "\(first) are no days: write mon-fri, or sat,sun")
            }
            period.days = days
        }
        if let first = words.first, !first.contains("=") {
            let ends = words.removeFirst().split(separator: "-").compactMap(minutes)
            guard ends.count == 2, ends[0] < 24 * 60, ends[0] != ends[1] else {
                throw RatePlan.wrong(text, "\(first) is no time of day: write 08:00-18:00")
            }
            period.begin = ends[0]
            period.end = ends[1] > ends[0] ? ends[1] : ends[1] + 24 * 60
        }
        guard !words.isEmpty else { throw RatePlan.wrong(text, "it names no limit") }
        try period.plan.take(Array(words))
        return period
    }

    private static func days(_ text: Substring) -> Set<Int>? {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        var days: Set<Int> = []
        for part in text.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                names.firstIndex(of: String($0))
            }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil else {
                return nil
            }
            days.formUnion((first...(last < first ? last + 7 : last)).map { $0 % 7 })
        }
        return days
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = UInt(parts[0]),
            let minute = UInt(parts[1]), minute < 60, hour < 24 || (hour == 24 && minute == 0)
        else { return nil }
        return Int(hour * 60 + minute)
    }
}
