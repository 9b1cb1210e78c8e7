import Foundation
import NodeInterface
import Testing

@Suite("UnixTime")
struct UnixTimeTests {
    @Test("reads and writes what Foundation does, leap days and all")
    func againstFoundation() throws {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        // Every 11 days and some, over four centuries: each month, leap years and the centuries that are none.
        for step in 0..<13_000 {
            let time = UnixTime(milliseconds: Int64(step) * 971_234_567)
            let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
            #expect(time.description.dropLast(5) == format.format(date).dropLast(5))
            #expect(UnixTime(time.description) == time)
        }
    }

    @Test(
        "reads fractions of any length",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:01.5Z", 1500), ("1970-01-01T00:00:00.05Z", 50),
            ("1970-01-01T00:00:00.123999999Z", 123), ("2000-02-29T12:00:00.000Z", 951_825_600_000),
        ] as [(String, Int64)])
    func fractions(text: String, milliseconds: Int64) {
        #expect(UnixTime(text)?.milliseconds == milliseconds)
    }

    @Test(
        "refuses what is no time",
        arguments: [
            "", "Z", "2026-01-31T08:15:30", "2026-01-31T08:15:30+00:00", "2026-01-31 08:15:30Z",
            "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T23:60:00Z", "2026-12-31T23:59:60Z",
            "1969-12-31T23:59:59Z", "2026-01-31T08:15:30.Z", "2026-01-31T08:15:30.0000000000Z",
            "2026-01-31T08:15:-1Z", "2026-01-31T08:15:30zZ", "２026-01-31T08:15:30Z",
        ])
    func refused(text: String) {
        #expect(UnixTime(text) == nil)
    }

    @Test("arithmetic saturates instead of trapping")
    func saturation() {
        let last = UnixTime(milliseconds: .max)
        let first = UnixTime(milliseconds: .min)
        #expect(last.advanced(by: .seconds(1)) == last)
        #expect(first.advanced(by: .seconds(-1)) == first)
        #expect(last.advanced(by: .seconds(Int64.max)) == last)
        #expect(last.since(first) == .milliseconds(Int64.max))
        #expect(first.since(last) == .milliseconds(Int64.min))
        #expect(UnixTime(milliseconds: 5).since(UnixTime(milliseconds: 7)) == .milliseconds(-2))
    }
}
