import TorrentEngine

/// A line of the leak check: one channel, or one part of the audit.
struct LeakRow: OutputEvent {
    static let event = EventName.leakcheckRow

    enum Verdict: String, Encodable, Sendable { case silent, leaked, unchecked }

    let channel: String
    let poison: String
    /// Nil in the audit, and where nothing could be captured.
    @OrNull var packets: Int?
    let verdict: Verdict
    /// What was seen.
    let details: [String]
}

/// What came of the leak check.
struct LeakReport: OutputEvent {
    static let event = EventName.leakcheck

    /// Nil where only channels were asked for.
    let audit: EngineAudit?
    let channels: [LeakChannel]
    /// Nil where it could not be had.
    let outcome: Lab.Outcome?
    /// Why there is none.
    let problem: Failure?
    let elapsed: Duration

    private var tallies: [(party: String, tally: PacketCapture.Tally)] {
        (outcome?.tallies ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Why silence would prove nothing.
    private var doubts: [String] {
        guard let outcome else { return [problem?.message ?? "nothing was captured"] }
        var out: [String] = []
        let dropped = tallies.reduce(0) { $0 + $1.tally.dropped }
        if dropped > 0 { out.append("the capture lost \(Units.count(dropped, "packet"))") }
        for (party, tally) in tallies where tally.toMembers == 0 {
            out.append("nothing of the \(party) was captured")
        }
        if outcome.strangers == 0 || outcome.strangersUnheard > 0 {
            out.append("strangers could not connect \(Units.count(outcome.strangersUnheard, "time"))")
        }
        // A connection of a member that is answered shows that what it said was read.
        if outcome.gossips == 0 || outcome.gossipsUnanswered > 0 {
            out.append("a member was not answered \(Units.count(outcome.gossipsUnanswered, "time"))")
        }
        return out
    }

    var rows: [LeakRow] {
        var out: [LeakRow] = []
        for subject in EngineAudit.AuditSubject.allCases {
            guard let audit else { break }
            let found = audit.problems[subject] ?? []
            out.append(
                LeakRow(
                    channel: subject.rawValue, poison: audit.summary(subject), packets: OrNull(),
                    verdict: found.isEmpty ? .silent : .leaked, details: found))
        }
        let isProof = doubts.isEmpty
        for channel in channels {
            var (packets, details): (Int, [String]) = (0, [])
            for (party, tally) in tallies {
                for (what, count) in (tally.leaks[channel] ?? [:]).sorted(by: { $0.value > $1.value }) {
                    packets += count
                    details.append("\(party): \(what)" + (count > 1 ? ", \(count) times" : ""))
                }
            }
            let verdict: LeakRow.Verdict = packets > 0 ? .leaked : isProof ? .silent : .unchecked
            out.append(
                LeakRow(
                    channel: channel.rawValue, poison: channel.poison,
                    packets: OrNull(wrappedValue: outcome == nil ? nil : packets), verdict: verdict,
                    details: details))
        }
        return out
    }

    /// Nil where all is silent.
    var failure: Failure? {
        let leaked = rows.filter { $0.verdict == .leaked }.map(\.channel)
        guard leaked.isEmpty else {
            return Failure(
                "leaked", .leaked, "something left the swarm: \(leaked.joined(separator: ", "))",
                remedy: "do not use this build: it is not private")
        }
        guard doubts.isEmpty else {
            return Failure(
                "unchecked", .unchecked, "not proved: \(doubts.joined(separator: "; "))",
                remedy: problem?.remedy ?? "try again when the machine is less busy")
        }
        return nil
    }

    // MARK: - For people

    private static let (nameWidth, poisonWidth) = (12, 49)

    var text: String {
        var lines: [String] = []
        let rows = rows
        if audit != nil {
            lines.append("audit of an engine of this build, on loopback")
            lines += rows.prefix(EngineAudit.AuditSubject.allCases.count).flatMap(Self.lines)
            lines.append("")
        }
        let header = Self.padded("channel", Self.nameWidth) + Self.padded("fed with", Self.poisonWidth)
        lines.append(header + " packets  verdict")
        lines += rows.dropFirst(audit == nil ? 0 : EngineAudit.AuditSubject.allCases.count).flatMap(
            Self.lines)
        lines.append("")
        if outcome != nil { lines += captured }
        for doubt in doubts { lines.append("not proved: \(doubt)") }
        lines.append("\(failure == nil ? "passed: silent" : "FAILED"), in \(Units.time(elapsed))")
        return lines.joined(separator: "\n")
    }

    private var captured: [String] {
        var kernel: [String: Int] = [:]
        for (_, tally) in tallies { kernel.merge(tally.kernel, uniquingKeysWith: +) }
        let packets = tallies.reduce(0) { $0 + $1.tally.packets }
        let toMembers = tallies.reduce(0) { $0 + $1.tally.toMembers }
        let dropped = tallies.reduce(0) { $0 + $1.tally.dropped }
        let own = kernel.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return [
            "\(packets) packets of a seed and a member captured, both ways, \(dropped) lost;",
            "sent: \(toMembers) to members, and by the kernel itself, without payload:", "  \(own)",
        ]
    }

    private static func lines(_ row: LeakRow) -> [String] {
        let count = row.packets.map(String.init) ?? ""
        let verdict = row.verdict == .leaked ? "LEAKED" : row.verdict.rawValue
        let first =
            padded(row.channel, nameWidth) + padded(row.poison, poisonWidth)
            + String(repeating: " ", count: max(0, 8 - count.count)) + count + "  " + verdict
        let shown = row.details.prefix(3).map { "  ! \($0)" }
        let rest = row.details.count - shown.count
        return [first] + shown + (rest > 0 ? ["  ! and \(rest) more, with --json"] : [])
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    // MARK: - JSON

    private enum Key: String, CodingKey {
        case verdict, capturedPackets, droppedPackets, packetsToMembers, kernelPackets
        case settings, extensions, sockets, unchecked, elapsedMilliseconds
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        let verdict: LeakRow.Verdict =
            failure.map { $0.status == .leaked ? .leaked : .unchecked } ?? .silent
        var kernel: [String: Int] = [:]
        for (_, tally) in tallies { kernel.merge(tally.kernel, uniquingKeysWith: +) }
        try container.encode(verdict, forKey: .verdict)
        try container.encode(tallies.reduce(0) { $0 + $1.tally.packets }, forKey: .capturedPackets)
        try container.encode(tallies.reduce(0) { $0 + $1.tally.dropped }, forKey: .droppedPackets)
        try container.encode(tallies.reduce(0) { $0 + $1.tally.toMembers }, forKey: .packetsToMembers)
        try container.encode(kernel, forKey: .kernelPackets)
        try container.encode(OrNull(wrappedValue: audit?.settings), forKey: .settings)
        try container.encode(OrNull(wrappedValue: audit?.extensions), forKey: .extensions)
        try container.encode(OrNull(wrappedValue: audit?.sockets), forKey: .sockets)
        try container.encode(doubts, forKey: .unchecked)
        try container.encode(elapsed.milliseconds, forKey: .elapsedMilliseconds)
    }
}

extension EngineAudit {
    /// In a few words.
    func summary(_ subject: AuditSubject) -> String {
        switch subject {
        case .settings: "\(Self.closed.count) settings of libtorrent's that close channels"
        case .extensions: extensions.joined(separator: ", ")
        case .sockets: "a listener, and its UDP twin, which is never used"
        }
    }
}
