/// A moment of the wall clock, in milliseconds since 1970-01-01 UTC, leap seconds left out (POSIX).
///
/// JSON has RFC 3339 in UTC: `"2026-01-31T08:15:30.250Z"`.
public struct UnixTime: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01 UTC.
    public var milliseconds: Int64

    /// Makes a moment.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The later moment is the greater one.
    public static func < (left: UnixTime, right: UnixTime) -> Bool { left.milliseconds < right.milliseconds }

    /// How long after `earlier` this is; negative where it is before. Saturates at some 290 million years.
    public func since(_ earlier: UnixTime) -> Duration {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (milliseconds < 0 ? Int64.min : Int64.max) : difference)
    }

    /// The moment a while later; saturates.
    public func advanced(by duration: Duration) -> UnixTime {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return UnixTime(milliseconds: seconds < 0 ? .min : .max) }
        let (sum, sumOverflow) = milliseconds.addingReportingOverflow(
            whole + attoseconds / 1_000_000_000_000_000)
        return UnixTime(milliseconds: sumOverflow ? (whole < 0 ? .min : .max) : sum)
    }
}

extension UnixTime: CustomStringConvertible, LosslessStringConvertible {
    /// RFC 3339 in UTC with milliseconds, such as `2026-01-31T08:15:30.250Z`.
    public var description: String {
        let day = floorDivide(milliseconds, 86_400_000)
        let rest = milliseconds - day * 86_400_000
        let date = CivilDate(daysSince1970: day)
        func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))"
            + "T\(digits(rest / 3_600_000, 2)):\(digits(rest / 60_000 % 60, 2)):\(digits(rest / 1000 % 60, 2))"
            + ".\(digits(rest % 1000, 3))Z"
    }

    /// Reads RFC 3339 in UTC: `2026-01-31T08:15:30Z`, with 0 to 9 digits of a second's fraction, years 1970 … 9999.
    ///
    /// Digits beyond the third are cut off. Nil for anything else: another offset, a leap second, a day that the
    /// month has not.
    public init?(_ description: String) {
        let text = Array(description.utf8)
        guard (20...30).contains(text.count), text.last == UInt8(ascii: "Z") else { return nil }
        for (index, separator) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] {
            guard text[index] == separator.utf8.first else { return nil }
        }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for digit in text[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                value = value * 10 + Int64(digit - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            hour < 24, minute < 60, second < 60, year >= 1970
        else { return nil }
        var fraction: Int64 = 0
        if text[19] == UInt8(ascii: ".") {
            let end = text.count - 1
            guard end > 20, number(20..<end) != nil, let first = number(20..<min(end, 23)) else { return nil }
            fraction = first * [100, 10, 1][min(end, 23) - 21]
        } else if text.count != 20 {
            return nil
        }
        let date = CivilDate(year: year, month: month, day: day)
        guard CivilDate(daysSince1970: date.daysSince1970) == date else { return nil }
        let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second
        milliseconds = seconds * 1000 + fraction
    }
}

extension UnixTime: Codable {
    /// Reads RFC 3339.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = UnixTime(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a time is RFC 3339 in UTC, such as 2026-01-31T08:15:30Z")
        }
        self = time
    }

    /// Writes RFC 3339.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A day of the Gregorian calendar, counted as in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
private struct CivilDate: Equatable {
    let year: Int64
    let month: Int64
    let day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        (self.year, self.month, self.day) = (year, month, day)
    }

    init(daysSince1970 days: Int64) {
        // Years begin in March, so that a leap day is the last one; eras have 400 of them.
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * ofYear + 2) / 153
        day = ofYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int64 {
        let year = month <= 2 ? self.year - 1 : self.year
        let era = floorDivide(year, 400)
        let yearOfEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }
}

private func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
    number / divisor - (number % divisor < 0 ? 1 : 0)
}
