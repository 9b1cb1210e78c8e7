import Foundation
import Glibc
import Testing
import TorrentEngine

@testable import NodeControl

/// What stands at the socket is no node, or one that is broken.
@Suite(.timeLimit(.minutes(1)))
struct HostileServerTests {
    private static func answer(_ body: String, status: String = "200 OK") -> String {
        "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static let chunk = "10000\r\n" + String(repeating: "x", count: 65536) + "\r\n"

    /// How a look at the node ends, against a server that says something, again and again where it repeats.
    private func failure(
        _ said: String, repeating: String? = nil, staysOpen: Bool = false, silence: Duration = .seconds(50),
        ask: (ControlClient) async throws -> Void = { _ = try await $0.status() }
    ) async throws -> ControlClientError? {
        let folder = try RunningNode.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try FakeServer("\(folder)/s", said, repeating: repeating, staysOpen: staysOpen)
        defer { server.stop() }
        var client = ControlClient(path: "\(folder)/s")
        client.answerTime = silence
        client.maximumBytes = 4 << 20
        do {
            try await ask(client)
        } catch let error as ControlClientError {
            return error
        }
        return nil
    }

    private func isNotUnderstood(_ error: ControlClientError?, _ words: String = "") -> Bool {
        guard case .notUnderstood(_, let reason) = error else { return false }
        return (words.isEmpty || reason.contains(words)) && reason.utf8.count < 1000
    }

    @Test("Garbage, and half of an answer, are no answer")
    func garbage() async throws {
        for text in [
            "", "GARBAGE\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-le",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        ] {
            guard case .cutOff = try await failure(text) else {
                Issue.record("\(text)")
                continue
            }
        }
        #expect(isNotUnderstood(try await failure(Self.answer("{}"))))
        #expect(isNotUnderstood(try await failure(Self.answer(String(repeating: "[", count: 100_000)))))
        #expect(
            isNotUnderstood(try await failure(Self.answer("<html>", status: "404 Not Found")), "status 404"))
    }

    @Test("An answer of another version is called so")
    func version() async throws {
        #expect(isNotUnderstood(try await failure(Self.answer(#"{"schemaVersion":2}"#)), "version 2"))
    }

    @Test("An answer without an end is not waited for, and not kept")
    func endless() async throws {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        #expect(isNotUnderstood(try await failure(head, repeating: Self.chunk), "4 MiB"))
        let follow: (ControlClient) async throws -> Void = { try await $0.follow { _ in true } }
        #expect(isNotUnderstood(try await failure(head, repeating: Self.chunk, ask: follow), "1 MiB"))
        let refusal = "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n"
        #expect(isNotUnderstood(try await failure(refusal, repeating: Self.chunk, ask: follow), "1 MiB"))
        let headers = try await failure("HTTP/1.1 200 OK\r\n", repeating: "x: y\r\n")
        #expect(headers != nil)
    }

    @Test("Silence ends a look at the node")
    func silence() async throws {
        for text in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"] {
            guard case .noAnswer = try await failure(text, staysOpen: true, silence: .milliseconds(300))
            else {
                Issue.record("\(text)")
                continue
            }
        }
    }
}

/// Says the same to whoever connects, whatever it is asked.
private final class FakeServer: Sendable {
    private let number: Int32

    init(_ path: String, _ said: String, repeating: String?, staysOpen: Bool) throws {
        number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = ControlSocket.withAddress(path) { [number] in bind(number, $0, $1) }
        guard result == 0, listen(number, 8) == 0 else {
            throw EngineError("listen", errno: errno, path: path)
        }
        Thread.detachNewThread { [number] in
            while true {
                let client = accept(number, nil, nil)
                guard client >= 0 else { break }
                var request = [UInt8](repeating: 0, count: 4096)
                recv(client, &request, request.count, 0)
                var isTaken = Self.send(said, to: client)
                while let repeating, isTaken { isTaken = Self.send(repeating, to: client) }
                if staysOpen { recv(client, &request, request.count, 0) }
                close(client)
            }
            close(number)
        }
    }

    func stop() { shutdown(number, Int32(SHUT_RDWR)) }

    private static func send(_ text: String, to client: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
