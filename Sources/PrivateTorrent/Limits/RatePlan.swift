public import NodeInterface
public import TorrentEngine

extension RateClass {
    /// Torrents of a fallback: a job's content, for members that asked.
    public static let fallback = RateClass(number: 1)
    /// What somebody waits for: fetched, or read while it arrives.
    public static let interactive = RateClass(number: 2)
    /// Everything that can wait: seeds that nobody asked for today.
    public static let background = RateClass(number: 3)

    /// The three, by the words that options use.
    static let byName: [String: RateClass] = [
        "fallback": .fallback, "interactive": .interactive, "background": .background,
    ]
}

/// Limits of an engine and of its classes.
///
/// As text, `up=10M down=2.5M background.up=500k`: what is not named has no limit. `k`, `M` and `G` are powers of 1000,
/// `Ki`, `Mi` and `Gi` of 1024, and 0 is no limit.
public struct RatePlan: Sendable, Hashable {
    /// The whole engine.
    public var engine: RateLimits
    /// Each class; one that is not in it has no limit.
    public var classes: [RateClass: RateLimits]

    /// Makes a plan; without an argument, no limits.
    public init(engine: RateLimits = RateLimits(), classes: [RateClass: RateLimits] = [:]) {
        self.engine = engine
        self.classes = classes
    }

    /// Reads the text.
    ///
    /// - Throws: `.invalidOptions` with the word that is wrong.
    public init(parsing text: String) throws(BackendError) {
        self.init()
        try take(text.split(separator: " "))
    }

    /// Takes words of the text over what is there.
    mutating func take(_ words: [Substring]) throws(BackendError) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let place = parts[0].split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, place.count <= 2, let direction = place.last,
                let keyPath: WritableKeyPath<RateLimits, UInt64> =
                    direction == "up" ? \.upload : direction == "down" ? \.download : nil
            else { throw Self.wrong(word, "it is none of up=…, down=…, CLASS.up=… and CLASS.down=…") }
            guard let rate = Self.rate(parts[1]) else {
                throw Self.wrong(word, "\(parts[1]) is no number of bytes a second, such as 500k or 2.5M")
            }
            guard place.count == 2 else {
                engine[keyPath: keyPath] = rate
                continue
            }
            guard let rateClass = RateClass.byName[String(place[0])] else {
                throw Self.wrong(
                    word, "\(place[0]) is none of \(RateClass.byName.keys.sorted().joined(separator: ", "))")
            }
            classes[rateClass, default: RateLimits()][keyPath: keyPath] = rate
        }
    }

    /// Bytes a second; nil where it is no such number.
    public static func rate(_ text: some StringProtocol) -> UInt64? {
        let units: [(String, Double)] = [
            ("Ki", 0x1p10), ("Mi", 0x1p20), ("Gi", 0x1p30), ("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9),
        ]
        let unit = units.first { text.hasSuffix($0.0) }
        let digits = text.dropLast(unit?.0.count ?? 0)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }),
            let number = Double(String(digits)), number * (unit?.1 ?? 1) <= 1e12
        else { return nil }
        return UInt64(number * (unit?.1 ?? 1))
    }

    static func wrong(_ word: some StringProtocol, _ reason: String) -> BackendError {
        BackendError(
            .invalidOptions, "read the limit '\(word)'", reason: reason,
            remedy: "write limits such as up=10M down=2.5M background.up=500k")
    }
}
