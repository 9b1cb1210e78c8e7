/// One thing that the API does.
struct Route: Sendable {
    /// The variable component of a path.
    static let infoHash = "{infoHash}"

    let method: String
    /// `/v1/torrents/{infoHash}/peers`.
    let template: String
    /// Whether its body may carry a `.torrent`.
    var takesTorrent = false
    /// What its body is; nil where it takes none.
    private(set) var body: (any RequestBody.Type)?
    let handle: @Sendable (NodeController, RoutedRequest) async throws -> ControlAnswer

    init(
        _ method: String, _ template: String,
        _ handle: @escaping @Sendable (NodeController, RoutedRequest) async throws -> ControlAnswer
    ) {
        (self.method, self.template, self.handle) = (method, template, handle)
    }

    /// Makes one that is handed its body.
    init<Body: RequestBody>(
        _ method: String, _ template: String, body: Body.Type, takesTorrent: Bool = false,
        _ handle: @escaping @Sendable (NodeController, RoutedRequest, Body) async throws -> ControlAnswer
    ) {
        self.init(method, template) { node, request in
            try await handle(node, request, request.request.decoded(Strict<Body>.self).body)
        }
        (self.body, self.takesTorrent) = (body, takesTorrent)
    }

    /// What stands in the path for `{infoHash}`, empty where the template has none; nil where the path is another.
    func match(_ path: [String]) -> String? {
        let components = template.dropFirst().split(separator: "/")
        guard components.count == path.count else { return nil }
        var found = ""
        for (component, given) in zip(components, path) {
            if component == Self.infoHash { found = given } else if component != given { return nil }
        }
        return found
    }
}
