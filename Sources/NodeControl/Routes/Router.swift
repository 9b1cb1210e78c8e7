import NodeInterface
import TorrentEngine

/// Finds the route of a request, and makes a problem document of whatever goes wrong on it.
struct Router: Sendable {
    private let node: NodeController

    init(_ node: NodeController) { self.node = node }

    func answer(_ request: ControlRequest) async -> ControlAnswer {
        let began = ContinuousClock.now
        let (route, answer) = await routed(request)
        node.metrics.answered(route, answer.status, after: .now - began)
        return answer
    }

    /// A request was answered before any route was looked for.
    func refused(_ status: Int) { node.metrics.answered(nil, status) }

    private func routed(_ request: ControlRequest) async -> (Route?, ControlAnswer) {
        var allowed: [String] = []
        // HEAD is GET whose body is not sent (RFC 9110 §9.3.2).
        let method = request.method == "HEAD" ? "GET" : request.method
        for route in Self.routes {
            guard let variable = route.match(request.path) else { continue }
            guard route.method == method else {
                allowed += route.method == "GET" ? ["GET", "HEAD"] : [route.method]
                continue
            }
            do {
                let request = RoutedRequest(request: request, variable: variable)
                return (route, try await route.handle(node, request))
            } catch {
                return (route, .problem(Problem(of: error)))
            }
        }
        guard !allowed.isEmpty else {
            return (nil, .problem(Problem(404, "notFound", "there is nothing at this path")))
        }
        let list = allowed.joined(separator: ", ")
        var answer = ControlAnswer.problem(
            Problem(405, "methodNotAllowed", "this path takes \(list)", remedy: "use one of these"))
        answer.extraHeaders = [("allow", list)]
        return (nil, answer)
    }

    /// Bytes that the request's body may have.
    func bodyLimit(_ request: ControlRequest, _ limits: ControlLimits) -> Int {
        let isLarge = Self.routes.contains {
            $0.takesTorrent && $0.method == request.method && $0.match(request.path) != nil
        }
        return isLarge ? limits.torrentBodyBytes : limits.bodyBytes
    }
}
