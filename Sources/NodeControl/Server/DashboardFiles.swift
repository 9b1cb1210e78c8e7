/// The files of the dashboard, which are in the binary (Docs/Dashboard.md). They hold nothing of the node, and are the only
/// thing that who has no token gets.
enum DashboardFiles {
    /// Nothing from elsewhere, nothing inline, no form that goes anywhere, in nobody's frame.
    static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
        "img-src 'self' data:", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'",
    ].joined(separator: "; ")

    private static let script = "text/javascript; charset=utf-8"

    /// By their paths.
    static let all: [String: (type: String, bytes: [UInt8])] = [
        "": ("text/html; charset=utf-8", PackageResources.index_html),
        "dashboard.css": ("text/css; charset=utf-8", PackageResources.dashboard_css),
        "main.js": (script, PackageResources.main_js),
        "node.js": (script, PackageResources.node_js),
        "plot.js": (script, PackageResources.plot_js),
        "tables.js": (script, PackageResources.tables_js),
        "view.js": (script, PackageResources.view_js),
        "words.js": (script, PackageResources.words_js),
    ]

    /// Nil for what is none of them.
    static func answer(to request: ControlRequest) -> ControlAnswer? {
        guard request.method == "GET" || request.method == "HEAD", request.path.count == 1,
            let file = all[request.path[0]]
        else { return nil }
        var answer = ControlAnswer(status: 200, type: file.type, body: file.bytes)
        answer.extraHeaders = [("content-security-policy", policy)]
        return answer
    }
}
