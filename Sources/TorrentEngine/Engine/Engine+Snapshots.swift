import CLibtorrent

extension Engine {
    func status(of id: Torrent.ID) throws(EngineError) -> TorrentStatus {
        let handle = try liveHandle("read the status of torrent \(id)")
        var status = clt_torrent_status()
        status.struct_size = UInt32(MemoryLayout<clt_torrent_status>.size)
        try nativeCall("read the status of torrent \(id)") {
            clt_torrent_get_status(handle, id.raw, &status, $0)
        }
        records[id]?.history.look(receivedBytes: status.downloaded_bytes)
        return TorrentStatus(
            state: TorrentState(native: status.state), isStarted: status.is_started != 0,
            isMoving: status.is_moving != 0,
            connectedPeers: Int(status.connected_peers), contentBytes: status.content_bytes,
            verifiedBytes: status.verified_bytes, reusedBytes: status.reused_bytes,
            receivedBytes: status.downloaded_bytes, wastedBytes: status.wasted_bytes,
            uploadedBytes: status.uploaded_bytes, downloadRate: UInt64(status.download_rate),
            uploadRate: UInt64(status.upload_rate), pieceCount: Int(status.piece_count),
            pieceLengthBytes: status.piece_length, verifiedPieces: Int(status.verified_pieces),
            wantedBytes: status.wanted_bytes,
            wantedVerifiedBytes: status.wanted_verified_bytes)
    }

    func peers(of id: Torrent.ID) throws(EngineError) -> [PeerSnapshot] {
        let handle = try liveHandle("list the peers of torrent \(id)")
        var peers: OpaquePointer?
        try nativeCall("list the peers of torrent \(id)") {
            clt_torrent_get_peers(handle, id.raw, &peers, $0)
        }
        defer { clt_peers_free(peers) }
        var count = 0
        let first = clt_peers_data(peers, &count)
        let snapshots = UnsafeBufferPointer(start: first, count: count).enumerated().compactMap {
            index, native in
            var length = 0
            let pieces = clt_peers_pieces(peers, index, &length)
            return PeerSnapshot(
                native, pieces: Array(UnsafeBufferPointer(start: pieces, count: length)),
                member: records[id]?.membersByRule[native.member_rule])
        }
        records[id]?.history.look(snapshots)
        return snapshots
    }

    func pieces(of id: Torrent.ID) throws(EngineError) -> [UInt8] {
        let handle = try liveHandle("list the pieces of torrent \(id)")
        var bytes: OpaquePointer?
        try nativeCall("list the pieces of torrent \(id)") {
            clt_torrent_get_pieces(handle, id.raw, &bytes, $0)
        }
        defer { clt_bytes_free(bytes) }
        return copyBytes(bytes)
    }
}

extension PeerSnapshot {
    init?(_ native: clt_peer, pieces: [UInt8], member: Member?) {
        guard let endpoint = PeerEndpoint(native.endpoint) else { return nil }
        func has(_ flag: Int) -> Bool { native.flags & UInt32(flag) != 0 }
        let client = native.client.map { start in
            start.withMemoryRebound(to: UInt8.self, capacity: native.client_length) {
                String(decoding: UnsafeBufferPointer(start: $0, count: native.client_length), as: UTF8.self)
            }
        }
        self.init(
            endpoint: endpoint, direction: native.direction == CLT_OUTGOING.rawValue ? .outgoing : .incoming,
            member: member, isConnected: !has(CLT_PEER_CONNECTING) && !has(CLT_PEER_HANDSHAKE),
            isDialling: has(CLT_PEER_CONNECTING), isInteresting: has(CLT_PEER_INTERESTED),
            isChoked: has(CLT_PEER_CHOKED),
            isRemoteInterested: has(CLT_PEER_REMOTE_INTERESTED),
            isRemoteChoking: has(CLT_PEER_REMOTE_CHOKED), isSeed: has(CLT_PEER_SEED),
            isObfuscated: has(CLT_PEER_MSE) || has(CLT_PEER_RC4),
            downloadRate: UInt64(native.download_rate), uploadRate: UInt64(native.upload_rate),
            downloadedBytes: native.downloaded_bytes, uploadedBytes: native.uploaded_bytes,
            isDownloadLimited: has(CLT_PEER_DOWNLOAD_LIMITED), isUploadLimited: has(CLT_PEER_UPLOAD_LIMITED),
            pieceCount: Int(native.piece_count), pieces: pieces, client: client ?? "")
    }
}
