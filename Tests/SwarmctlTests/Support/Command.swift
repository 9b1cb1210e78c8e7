import Foundation
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The built `swarmctl`, as a process of its own.
final class Command: Sendable {
    struct Ended: Sendable {
        let status: Int32
        let lines: [String]
        let notes: String

        /// The objects on standard output.
        var events: [JSONValue] { lines.compactMap { try? JSONValue(line: $0) } }
        func event(_ name: String) -> JSONValue? { events.last { $0["event"]?.string == name } }
    }

    struct NoSuchEvent: Error { let lines: [String], notes: String }

    /// It stands beside the test bundle.
    static let path = beside("swarmctl")

    /// Another program of the package.
    static func beside(_ name: String) -> String {
        let test = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (test as NSString).deletingLastPathComponent + "/\(name)"
    }

    /// Held while pipes are made and a child is spawned: else another child could inherit their ends.
    private static let spawning = NSLock()

    private let child: pid_t
    private let hasEnded = Locked(false)
    private let lines: Lines
    private let notes: Lines
    private let ended: Task<Int32, Never>

    // Not Foundation's Process: spawned by many tests at once it loses track of ends.
    init(
        _ arguments: [String], input text: String? = nil, program: String = Command.path,
        environment: [String: String] = [:]
    ) throws {
        Self.spawning.lock()
        defer { Self.spawning.unlock() }
        let (input, output, errors) = (try ChildPipe(), try ChildPipe(), try ChildPipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reading, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.writing, STDERR_FILENO)
        var arguments = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var variables =
            ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { strdup("\($0)=\($1)") } + [
                nil
            ]
        defer { for variable in variables { free(variable) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, program, &actions, nil, &arguments, &variables)
        for descriptor in [input.reading, output.writing, errors.writing] { close(descriptor) }
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
        self.child = child
        for byte in Array((text ?? "").utf8) {
            _ = withUnsafeBytes(of: byte) { write(input.writing, $0.baseAddress, 1) }
        }
        close(input.writing)
        lines = Lines(output.reading)
        notes = Lines(errors.reading)
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        Thread.detachNewThread { [child, hasEnded] in
            // Without reaping it first: its number stays its own until nobody will signal it any more.
            var info = siginfo_t()
            while waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
            hasEnded.withLock { $0 = true }
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0 && errno == EINTR {}
            continuation.yield(status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f))
            continuation.finish()
        }
        ended = Task {
            for await status in stream { return status }
            return -1
        }
    }

    deinit { send(SIGKILL) }

    /// Runs it to its end.
    static func run(_ arguments: String..., input: String? = nil) async throws -> Ended {
        try await Command(arguments, input: input).end()
    }

    func send(_ signal: Int32) { hasEnded.withLock { if !$0 { kill(child, signal) } } }

    /// Waits for its end.
    func end() async -> Ended {
        let status = await ended.value
        let lines = await lines.all()
        return Ended(status: status, lines: lines, notes: await notes.all().joined(separator: "\n"))
    }

    /// Waits for an event of that name that `matches`.
    func event(_ name: String, where matches: @escaping @Sendable (JSONValue) -> Bool = { _ in true })
        async throws -> JSONValue
    {
        let found = await lines.first { line in
            guard let value = try? JSONValue(line: line) else { return false }
            return value["event"]?.string == name && matches(value)
        }
        guard let found else {
            throw NoSuchEvent(lines: await lines.all(), notes: await notes.all().joined(separator: "\n"))
        }
        return try JSONValue(line: found)
    }

    /// Waits for a line on standard error that contains `text`.
    func note(_ text: String) async -> String? { await notes.first { $0.contains(text) } }
}

/// A pipe whose ends no child inherits, if made under `Command.spawning`.
struct ChildPipe {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = ends[0]
        writing = ends[1]
    }
}

/// The lines that a process writes, all kept: each wait looks from the beginning.
actor Lines {
    private var lines: [String] = []
    private var rest = Data()
    private var isAtEnd = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(_ descriptor: Int32) {
        let (stream, continuation) = AsyncStream.makeStream(of: Data.self)
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(descriptor, &bytes, bytes.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                continuation.yield(Data(bytes.prefix(count)))
            }
            close(descriptor)
            continuation.finish()
        }
        Task {
            for await data in stream { await take(data) }
            await take(nil)
        }
    }

    private func take(_ data: Data?) {
        if let data {
            rest.append(data)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                rest.removeSubrange(rest.startIndex...end)
            }
        } else {
            if !rest.isEmpty { lines.append(String(decoding: rest, as: UTF8.self)) }
            isAtEnd = true
        }
        for waiter in waiters { waiter.resume() }
        waiters.removeAll()
    }

    func all() async -> [String] {
        while !isAtEnd { await withCheckedContinuation { waiters.append($0) } }
        return lines
    }

    func first(where matches: @Sendable (String) -> Bool) async -> String? {
        var seen = 0
        while true {
            while seen < lines.count {
                if matches(lines[seen]) { return lines[seen] }
                seen += 1
            }
            if isAtEnd { return nil }
            await withCheckedContinuation { waiters.append($0) }
        }
    }
}
