import PrivateTorrent
import TorrentEngine

extension Router {
    /// Everything that the API does; Docs/openapi.yaml says it in words, and a test holds one to the other.
    static let routes: [Route] =
        [
            Route("GET", "/livez") { _, _ in try .json(HealthReport()) },
            Route("GET", "/readyz") { node, _ in
                let reasons = await node.notReady()
                guard reasons.isEmpty else {
                    throw Problem(503, "notReady", reasons.joined(separator: "; "))
                }
                return try .json(HealthReport())
            },
            Route("GET", "/metrics") { node, _ in
                ControlAnswer(
                    status: 200, type: "text/plain; version=0.0.4; charset=utf-8",
                    body: Array(try await node.exposedMetrics().utf8))
            },
            Route("GET", "/v1/status") { node, _ in try .json(try await node.status()) },
            Route("GET", "/v1/events") { node, request in
                let last = request.request.lastEventID ?? request.request.query["after"]
                guard try request.flag("follow", unlessTold: true) else {
                    return .stream(node.feed.kept(after: last))
                }
                return .stream(try node.feed.subscribe(after: last))
            },
            Route("GET", "/v1/refusals") { node, _ in try .json(try await node.refusals()) },
            Route("GET", "/v1/retention") { node, _ in
                try .json(RetentionReport(await node.store.retentionPlan()))
            },
            Route("GET", "/v1/config") { node, _ in try .json(try await node.settings()) },
            Route("GET", "/v1/checks") { node, _ in
                try .json(CheckReport(checks: try await node.checks()))
            },
            Route("GET", "/v1/log") { node, _ in try .json(try node.log()) },
        ] + torrents + members + content

    private static let torrents: [Route] = [
        Route("GET", "/v1/torrents") { node, _ in try .json(TorrentList(torrents: await node.torrents())) },
        Route("POST", "/v1/torrents", body: AddRequest.self, takesTorrent: true) { node, _, add in
            let infoHash = try await node.add(add)
            var answer = try await torrent(infoHash, node, status: 201)
            answer.extraHeaders = [("location", "/v1/torrents/\(infoHash)")]
            return answer
        },
        Route("GET", "/v1/torrents/{infoHash}") { node, request in
            try await torrent(request.infoHash, node)
        },
        Route("DELETE", "/v1/torrents/{infoHash}") { node, request in
            try await node.remove(request.infoHash, deletingFiles: request.flag("data"))
            return ControlAnswer(status: 204, type: "application/json", body: [])
        },
        Route("POST", "/v1/torrents/{infoHash}/pause") { node, request in
            try await node.store.pause(request.infoHash)
            return try await torrent(request.infoHash, node)
        },
        Route("POST", "/v1/torrents/{infoHash}/resume") { node, request in
            try await node.store.resume(request.infoHash)
            return try await torrent(request.infoHash, node)
        },
        Route("POST", "/v1/torrents/{infoHash}/move", body: MoveRequest.self) { node, request, move in
            try .json(LeftFiles(try await node.move(request.infoHash, to: move.folder)))
        },
        Route("POST", "/v1/torrents/{infoHash}/rename", body: RenameRequest.self) { node, request, rename in
            try await node.store.rename(request.infoHash, rename.file, to: rename.to)
            return try await torrent(request.infoHash, node)
        },
        Route("PUT", "/v1/torrents/{infoHash}/limits", body: TorrentLimits.self) { node, request, limits in
            try await node.store.setRateLimits(
                upload: limits.upload, download: limits.download, of: request.infoHash)
            return try await torrent(request.infoHash, node)
        },
        Route("PUT", "/v1/torrents/{infoHash}/selection", body: SelectionRequest.self) {
            node, request, body in
            try await node.store.select(body.selection, of: request.infoHash)
            return try await torrent(request.infoHash, node)
        },
    ]

    private static let members: [Route] = [
        Route("GET", "/v1/torrents/{infoHash}/members") { node, request in
            try .json(MemberList(members: try await node.members(of: request.infoHash)))
        },
        Route("POST", "/v1/torrents/{infoHash}/members", body: MembersRequest.self) { node, request, body in
            let added = try NodeController.members(body.members)
            return try .json(
                MemberList(
                    members: try await node.changeMembers(of: request.infoHash) { $0 + added }))
        },
        Route("PUT", "/v1/torrents/{infoHash}/members", body: MembersRequest.self) { node, request, body in
            let members = try NodeController.members(body.members)
            return try .json(
                MemberList(members: try await node.changeMembers(of: request.infoHash) { _ in members }))
        },
        Route("DELETE", "/v1/torrents/{infoHash}/members") { node, request in
            guard let rule = request.request.query["rule"] else {
                throw Problem(
                    400, "badRequest", "which member goes is to be said", remedy: "add ?rule=10.0.0.1")
            }
            return try .json(
                MemberList(members: try await node.removeMember(rule, of: request.infoHash)))
        },
    ]

    private static let content: [Route] = [
        Route("GET", "/v1/torrents/{infoHash}/peers") { node, request in
            try .json(PeerList(peers: try await node.peers(of: request.infoHash)))
        },
        Route("GET", "/v1/torrents/{infoHash}/files") { node, request in
            try .json(FileList(files: try await node.files(of: request.infoHash)))
        },
        Route("GET", "/v1/torrents/{infoHash}/pieces") { node, request in
            try .json(try await node.pieces(of: request.infoHash))
        },
        Route("GET", "/v1/torrents/{infoHash}/explain") { node, request in
            try .json(ExplanationReport(explanation: try await node.store.explain(request.infoHash)))
        },
        Route("POST", "/v1/torrents/{infoHash}/ping", body: PingRequest.self) { node, request, ping in
            try .json(try await node.ping(ping, of: request.infoHash))
        },
        Route("POST", "/v1/torrents/{infoHash}/verify") { node, request in
            try .json(try await node.verify(request.infoHash))
        },
    ]

    private static func torrent(
        _ infoHash: @autoclosure () throws -> InfoHash, _ node: NodeController, status: Int = 200
    ) async throws -> ControlAnswer {
        try .json(TorrentAnswer(torrent: try await node.torrent(infoHash())), status: status)
    }
}
