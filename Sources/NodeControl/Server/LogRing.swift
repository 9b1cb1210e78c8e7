import NodeInterface
import NodeSupport
import TorrentEngine

/// The last lines of a log, bounded in number and length, for whoever asks the node.
///
/// What is added is served as it is: leave out what nobody is to see before.
public final class LogRing: Sendable {
    private struct State {
        var records: [LogReport.Record] = []
        /// Where the oldest stands, once the ring is full.
        var start = 0
        var count: UInt64 = 0
    }

    private let capacity: Int
    private let state = Locked(State())

    /// Makes a ring.
    ///
    /// - Parameter capacity: Lines that are kept, each with at most 2,048 bytes of text; 1 or more.
    public init(capacity: Int = 1000) { self.capacity = max(1, capacity) }

    /// Adds a line. May be called on any thread, and does not wait.
    public func add(level: String, label: String, message: String) {
        let time = NodeClock.system.now
        let message = message.bounded
        state.withLock { state in
            state.count += 1
            let record = LogReport.Record(
                number: state.count, time: time, level: level, label: label, message: message)
            if state.records.count < capacity {
                state.records.append(record)
            } else {
                state.records[state.start] = record
                state.start = (state.start + 1) % capacity
            }
        }
    }

    /// What is kept.
    public var report: LogReport {
        state.withLock { state in
            LogReport(
                records: Array(state.records[state.start...] + state.records[..<state.start]),
                dropped: state.count - UInt64(state.records.count))
        }
    }
}
