import Foundation
import Testing

@testable import NodeControl

/// The page's files, which are all that who has no token gets.
@Suite(.timeLimit(.minutes(1)))
struct DashboardFilesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../Sources/NodeControl/Dashboard")

    @Test("Every file of the page is served as it is, with a policy that lets nothing else in")
    func files() async throws {
        let node = try await RunningNode.start(loopback: LoopbackOptions(parsing: "127.0.0.1:0"))
        let port = UInt16(try #require(URL(string: node.server.web?.url ?? "")?.port))
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(names.map { $0 == "index.html" ? "" : $0 }) == Set(DashboardFiles.all.keys))
        for name in names {
            let raw = try RawClient(port: port)
            raw.send(
                "GET /\(name == "index.html" ? "" : name) HTTP/1.1\r\nhost: localhost:\(port)\r\n"
                    + "connection: close\r\n\r\n")
            let answer = try #require(await raw.read())
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            for header in [
                "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; ",
                "base-uri 'none'; frame-ancestors 'none'; form-action 'none'\r\n",
                "x-content-type-options: nosniff", "referrer-policy: no-referrer",
                "cross-origin-opener-policy: same-origin",
            ] { #expect(answer.contains(header), "\(name)") }
            #expect(
                try answer.hasSuffix(String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)))
        }
        // Not over the socket, where no browser comes.
        #expect(try await node.problem("GET", "/") == "404 notFound")
        #expect(try await node.problem("GET", "/main.js") == "404 notFound")
        try await node.stop()
    }

    @Test("Nothing in them makes markup of text, or names another place")
    func content() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder.path) {
            let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            for word in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                "srcdoc", "https://", "style=", "onclick=", "localStorage", "document.cookie",
            ] { #expect(!text.contains(word), "\(name): \(word)") }
        }
    }
}
