import NodeInterface
import TorrentEngine

/// Finds the route of a request, and makes a problem document of whatever goes wrong on it.
struct Router: Sendable {
    private let node: NodeController

    init(_ node: NodeController) { self.node = node }

    func answer(_ request: ControlRequest) async -> ControlAnswer {
        var allowed: [String] = []
        for route in Self.routes {
            guard let variable = route.match(request.path) else { continue }
            guard route.method == request.method else {
                allowed.append(route.method)
                continue
            }
            do {
                return try await route.handle(node, RoutedRequest(request: request, variable: variable))
            } catch {
                return .problem(Problem(of: error))
            }
        }
        guard !allowed.isEmpty else {
            return .problem(Problem(404, "notFound", "there is nothing at this path"))
        }
        let list = allowed.joined(separator: ", ")
        var answer = ControlAnswer.problem(
            Problem(405, "methodNotAllowed", "this path takes \(list)", remedy: "use one of these"))
        answer.extraHeaders = [("allow", list)]
        return answer
    }

    /// Bytes that the request's body may have.
    func bodyLimit(_ request: ControlRequest, _ limits: ControlLimits) -> Int {
        let isLarge = Self.routes.contains {
            $0.takesTorrent && $0.method == request.method && $0.match(request.path) != nil
        }
        return isLarge ? limits.torrentBodyBytes : limits.bodyBytes
    }
}
