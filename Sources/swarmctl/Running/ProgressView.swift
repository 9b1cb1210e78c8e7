import TorrentEngine

/// Shows how far something has come: a bar on a terminal, else a line now and then. Safe from any thread.
final class ProgressView: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant?
        var lastDone: UInt64?
        var began: (at: ContinuousClock.Instant, doneBytes: UInt64)?
    }

    private let output: Output
    private let state = Locked(State())

    init(_ output: Output) { self.output = output }

    /// Bytes that are being hashed. No event: they are not a fetch's progress.
    func hashing(_ progress: HashProgress, verb: String) {
        guard isDue(progress.doneBytes, of: progress.totalBytes, json: false) else { return }
        let text = Self.line(done: progress.doneBytes, total: progress.totalBytes)
        show("\(verb) \(text)", done: progress.doneBytes, total: progress.totalBytes)
    }

    /// A fetch of `total` bytes.
    /// Of what is wanted.
    func fetching(_ status: TorrentStatus) {
        let (done, total) = (status.wantedVerifiedBytes, status.wantedBytes)
        guard total > 0, isDue(done, of: total, json: output.isJSON) else { return }
        let rate = status.downloadRate > 0 ? status.downloadRate : averageRate(status)
        output.emit(
            ProgressEvent(
                doneBytes: done, totalBytes: total,
                rateBytesPerSecond: rate, peers: status.connectedPeers))
        let line = Self.line(
            done: done, total: total, rate: rate, peers: status.connectedPeers)
        show(line, done: done, total: total)
    }

    /// Since the first look: the engine knows no rate in the first second, which may be all there is.
    private func averageRate(_ status: TorrentStatus) -> UInt64 {
        let now = ContinuousClock.now
        return state.withLock { state in
            guard let began = state.began else {
                state.began = (now, status.verifiedBytes)
                return 0
            }
            let milliseconds = (now - began.at).milliseconds
            guard milliseconds > 0, milliseconds < 3000, status.verifiedBytes > began.doneBytes else {
                return 0
            }
            return UInt64(Double(status.verifiedBytes - began.doneBytes) / milliseconds * 1000)
        }
    }

    /// `45 % of 1.0 GiB, 12.3 MiB/s, 0:41 left, 2 peers`
    static func line(done: UInt64, total: UInt64, rate: UInt64? = nil, peers: Int? = nil) -> String {
        var parts = ["\(Units.percent(done, of: total)) % of \(Units.size(total))"]
        if let rate {
            parts.append(Units.rate(rate))
            if rate > 0, done < total {
                parts.append("\(Units.time(.seconds(Double(total - done) / Double(rate)))) left")
            }
        }
        if let peers { parts.append(Units.count(peers, "peer")) }
        return parts.joined(separator: ", ")
    }

    /// `[########            ]`
    static func bar(done: UInt64, total: UInt64, width: Int = 24) -> String {
        let filled = Units.percent(done, of: total) * width / 100
        return "[" + String(repeating: "#", count: filled) + String(repeating: " ", count: width - filled)
            + "]"
    }

    private func show(_ line: String, done: UInt64, total: UInt64) {
        guard !output.isJSON else { return }
        if output.isTerminal {
            output.bar("\(Self.bar(done: done, total: total)) \(line)")
        } else {
            output.note(line)
        }
    }

    /// Ten times a second for a bar, four times for a program that reads, else once a second; and always at the end.
    private func isDue(_ done: UInt64, of total: UInt64, json: Bool) -> Bool {
        let interval: Duration =
            json ? .milliseconds(250) : output.isTerminal ? .milliseconds(100) : .seconds(1)
        let now = ContinuousClock.now
        return state.withLock { state in
            let isEnd = done >= total && state.lastDone != done
            if let last = state.lastShown, now - last < interval, !isEnd { return false }
            state.lastShown = now
            state.lastDone = done
            return true
        }
    }
}
