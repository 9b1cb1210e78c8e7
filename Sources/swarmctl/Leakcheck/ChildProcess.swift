import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Another process, spoken to in lines over its standard input and output. It is killed with the object, and ends by
/// itself when its input does.
///
/// Every method blocks; use it from one thread at a time.
final class ChildProcess: Sendable {
    let identifier: pid_t
    private let name: String
    private let input: Int32
    private let output: LineReader
    private let isReaped = Locked(false)

    init(_ path: String, _ arguments: [String]) throws(EngineError) {
        name = arguments.first ?? path
        let (input, output) = (try Self.pipe(), try Self.pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reading, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, path, &actions, nil, &words, environ)
        close(input.reading)
        close(output.writing)
        self.input = input.writing
        self.output = LineReader(output.reading)
        identifier = child
        guard code == 0 else {
            isReaped.withLock { $0 = true }
            throw EngineError(
                .unsupported, "run \(path)", reason: String(cString: strerror(code)), systemErrno: code)
        }
    }

    deinit {
        isReaped.withLock { if !$0 { kill(identifier, SIGKILL) } }
        close(input)
        _ = end()
    }

    func send(_ line: String) throws(EngineError) {
        let bytes = Array((line + "\n").utf8)
        guard Glibc.write(input, bytes, bytes.count) == bytes.count else {
            throw EngineError(.internalFailure, "tell \(name) to go on", reason: "it has ended")
        }
    }

    /// The next line that it writes.
    func line() throws(EngineError) -> String {
        guard let line = output.line() else {
            throw EngineError(
                .internalFailure, "wait for \(name)", reason: "it ended with status \(end())")
        }
        return line
    }

    func expect(_ word: String) throws(EngineError) {
        let said = try line()
        guard said == word else {
            throw EngineError(.internalFailure, "wait for \(name)", reason: "it said \(said) and not \(word)")
        }
    }

    /// Ends it at once, from any thread.
    func end(by signal: Int32) { isReaped.withLock { if !$0 { kill(identifier, signal) } } }

    /// Waits for its end, and returns its exit status, or the signal as a negative number.
    func end() -> Int32 {
        // Without reaping it first: its number stays its own until nobody will signal it any more.
        var info = siginfo_t()
        while waitid(P_PID, id_t(identifier), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        return isReaped.withLock { isReaped in
            guard !isReaped else { return 0 }
            isReaped = true
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
            return status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f)
        }
    }

    /// Gives it `input`, and waits until it has ended well.
    static func run(_ path: String, _ arguments: [String], input: String) throws(EngineError) {
        let child = try ChildProcess(path, arguments)
        try child.send(input)
        close(dup2Null(child.input))
        let status = child.end()
        guard status == 0 else {
            throw EngineError(.unsupported, "run \(path)", reason: "it ended with status \(status)")
        }
    }

    /// Ends the input without giving its number away.
    private static func dup2Null(_ descriptor: Int32) -> Int32 {
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        dup2(null, descriptor)
        return null
    }

    private static func pipe() throws(EngineError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw EngineError(socketErrno: errno, "make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

/// Lines from a descriptor that it owns.
final class LineReader: Sendable {
    private let descriptor: Int32
    private let rest = Locked<[UInt8]>([])

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// The next line; nil at the end.
    ///
    /// Blocks.
    func line() -> String? {
        while true {
            let found: String? = rest.withLock { rest in
                guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
                defer { rest.removeSubrange(...end) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            if let found { return found }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            rest.withLock { $0 += buffer.prefix(count) }
        }
    }
}
