/// Numbers for people.
package enum Units {
    /// A size in IEC units, such as `1.5 GiB`; under a KiB in bytes.
    package static func size(_ bytes: UInt64) -> String {
        guard bytes >= 1024 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
        var value = Double(bytes)
        for unit in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            value /= 1024
            // Not 1024.0 KiB: what rounds up to that belongs to the next unit.
            if value < 1023.95 || unit == "EiB" { return "\(tenths(value)) \(unit)" }
        }
        return "\(bytes) bytes"
    }

    /// A rate in IEC units a second.
    package static func rate(_ bytesPerSecond: UInt64) -> String { size(bytesPerSecond) + "/s" }

    /// A time such as `0.4 s`, `12 s`, `3:05` or `2:03:05`.
    package static func time(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        if milliseconds < 10_000 { return "\(tenths(milliseconds / 1000)) s" }
        let seconds = Int64(milliseconds / 1000)
        guard seconds >= 60 else { return "\(seconds) s" }
        let tail = twoDigits(seconds % 60)
        guard seconds >= 3600 else { return "\(seconds / 60):\(tail)" }
        return "\(seconds / 3600):\(twoDigits(seconds / 60 % 60)):\(tail)"
    }

    /// How long ago: `3 s ago`, `12 min ago`, `5 h ago`, `3 days ago`.
    package static func ago(_ seconds: Double) -> String {
        // What a peer's clock or a test makes of it may not stop the program.
        let seconds = Int64(min(max(0, seconds.isNaN ? 0 : seconds), 1e15))
        switch seconds {
        case ..<60: return "\(seconds) s ago"
        case ..<3600: return "\(seconds / 60) min ago"
        case ..<172_800: return "\(seconds / 3600) h ago"
        default: return "\(seconds / 86_400) days ago"
        }
    }

    /// Whole percent, rounded down: 100 only when all is there.
    package static func percent(_ done: UInt64, of total: UInt64) -> Int {
        guard total > 0 else { return 0 }
        return Int(Double(min(done, total)) / Double(total) * 100)
    }

    /// `1 peer`, `2 peers`.
    package static func count(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Numbers in order, such as `1–3, 7`, cut after a few.
    package static func ranges(_ numbers: [Int], limit: Int = 10) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = ranges.last, number == last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        let texts = ranges.prefix(limit).map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)"
        }
        return texts.joined(separator: ", ") + (ranges.count > limit ? " …" : "")
    }

    private static func tenths(_ value: Double) -> String {
        let rounded = Int64((value * 10).rounded())
        return "\(rounded / 10).\(rounded % 10)"
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Duration {
    /// In milliseconds, with their fraction.
    package var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1000 + Double(attoseconds) / 1e15
    }
}
