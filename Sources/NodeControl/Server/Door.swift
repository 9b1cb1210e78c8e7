import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#endif

/// Who is answered, by the way on which they came.
enum Door: Sendable {
    /// The Unix socket: whom the kernel names.
    case socket(isAllowed: @Sendable (uid_t) -> Bool)
    /// The TCP port: who knows the token.
    case loopback(LoopbackDoor)

    /// Why a client is not served at all.
    func refusal(of channel: any Channel) async -> Problem? {
        guard case .socket(let isAllowed) = self else { return nil }
        guard let user = await PeerCredentials.user(of: channel), isAllowed(user) else {
            return Problem(403, "forbidden", "the node belongs to another user")
        }
        return nil
    }

    /// What a request gets before its body is read and its route is looked for; nil where it may go on.
    func answer(to request: ControlRequest, _ head: HTTPRequestHead) -> ControlAnswer? {
        guard case .loopback(let door) = self else { return nil }
        return door.answer(to: request, head)
    }

    /// Headers of every answer.
    var headers: [(String, String)] {
        guard case .loopback = self else { return [] }
        return LoopbackDoor.headers
    }
}

/// What stands between a browser, or anything else on this machine, and the API.
struct LoopbackDoor: Sendable {
    /// Nothing of an answer may be shown in, or read by, a page of somebody else. That there is no header of CORS is the
    /// other half.
    static let headers = [
        ("cross-origin-resource-policy", "same-origin"), ("cross-origin-opener-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
    ]

    private let token: BearerToken
    private let hosts: Set<String>

    init(_ token: BearerToken, port: Int) {
        self.token = token
        var hosts: Set<String> = []
        for name in ["localhost", "127.0.0.1", "[::1]"] {
            hosts.insert("\(name):\(port)")
            // A browser leaves out the port that http has anyway.
            if port == 80 { hosts.insert(name) }
        }
        self.hosts = hosts
    }

    func answer(to request: ControlRequest, _ head: HTTPRequestHead) -> ControlAnswer? {
        // A name of somebody else that leads here (DNS rebinding) is told by the name.
        let named = head.headers["host"].map { $0.lowercased() }
        guard named.count == 1, let host = named.first, hosts.contains(host) else {
            return .problem(
                Problem(
                    403, "forbidden", "the request is for another host",
                    remedy: "use localhost, 127.0.0.1 or [::1], with the port of the node"))
        }
        guard head.headers["origin"].allSatisfy({ $0.lowercased() == "http://\(host)" }) else {
            return .problem(Problem(403, "forbidden", "the request comes from a page of another origin"))
        }
        return DashboardFiles.answer(to: request) ?? authorization(head.headers["authorization"])
    }

    private func authorization(_ given: [String]) -> ControlAnswer? {
        let words = given.first?.split(separator: " ", maxSplits: 1) ?? []
        if given.count == 1, words.count == 2, words[0].lowercased() == "bearer", token.matches(words[1]) {
            return nil
        }
        var answer = ControlAnswer.problem(
            Problem(
                401, "unauthorized", given.isEmpty ? "there is no token" : "the token is not this node's",
                remedy: "swarmctl dashboard prints the address with the token"))
        // RFC 6750 §3: an error only where there was something to err.
        let error = given.isEmpty ? "" : #", error="invalid_token""#
        answer.extraHeaders = [("www-authenticate", #"Bearer realm="privatetorrent""# + error)]
        return answer
    }
}
