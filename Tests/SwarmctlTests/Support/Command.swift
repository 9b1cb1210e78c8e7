import Foundation

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
    static let path: String = {
        let test = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (test as NSString).deletingLastPathComponent + "/swarmctl"
    }()

    private let process = Process()
    private let input = Pipe()
    private let lines: Lines
    private let notes: Lines
    private let ended: Task<Int32, Never>

    init(_ arguments: [String], input text: String? = nil) throws {
        let out = Pipe()
        let err = Pipe()
        process.executableURL = URL(filePath: Self.path)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = out
        process.standardError = err
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            let status =
                process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
            continuation.yield(status)
            continuation.finish()
        }
        lines = Lines(out.fileHandleForReading)
        notes = Lines(err.fileHandleForReading)
        ended = Task {
            for await status in stream { return status }
            return -1
        }
        try process.run()
        if let text { input.fileHandleForWriting.write(Data(text.utf8)) }
        try input.fileHandleForWriting.close()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Runs it to its end.
    static func run(_ arguments: String..., input: String? = nil) async throws -> Ended {
        try await Command(arguments, input: input).end()
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

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

/// The lines that a process writes, all kept: each wait looks from the beginning.
actor Lines {
    private var lines: [String] = []
    private var rest = Data()
    private var isAtEnd = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(_ handle: FileHandle) {
        let (stream, continuation) = AsyncStream.makeStream(of: Data.self)
        handle.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                continuation.finish()
            } else {
                continuation.yield(data)
            }
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
