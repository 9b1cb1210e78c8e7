import CLibtorrent

extension Engine {
    /// Adds a torrent whose metadata is at hand. It is added stopped: nobody is dialled or admitted before
    /// ``Torrent/start(dialling:)``.
    ///
    /// Whether private mode allows it (``Metainfo/refusals``) is for the caller to say first.
    /// - Throws: `.duplicateTorrent`, `.invalidArgument`, `.contentMismatch` (resume data of another torrent),
    ///   `.shutDown`.
    public func add(_ metainfo: Metainfo, options: AddOptions) throws(EngineError) -> Torrent {
        try add(metainfo.infoHash, metainfo, options)
    }

    /// Adds a torrent by its info-hash: its metadata comes from members (BEP 9).
    ///
    /// - Throws: `.duplicateTorrent`, `.invalidArgument`, `.shutDown`.
    public func add(_ infoHash: InfoHash, options: AddOptions) throws(EngineError) -> Torrent {
        try add(infoHash, nil, options)
    }

    /// The info-hash of a torrent that is in the engine.
    package func infoHash(of id: Torrent.ID) -> InfoHash? { records[id]?.infoHash }

    private func add(
        _ infoHash: InfoHash, _ metainfo: Metainfo?, _ options: AddOptions
    ) throws(EngineError) -> Torrent {
        let operation = "add torrent \(infoHash)"
        let handle = try liveHandle(operation)
        var record = TorrentRecord(infoHash, state: metainfo == nil ? .metadata : .checking)
        record.setMembers(options.members)
        record.limits = RateLimits(
            upload: UInt64(options.uploadLimit), download: UInt64(options.downloadLimit))
        record.rateClass = options.rateClass
        let members = options.members.map { (member: $0, rule: record.rule(for: $0)) }
        var native = clt_add_options()
        native.struct_size = UInt32(MemoryLayout<clt_add_options>.size)
        native.metainfo = metainfo?.native.pointer
        withUnsafeMutableBytes(of: &native.info_hash) { $0.copyBytes(from: infoHash.bytes) }
        native.upload_limit = options.uploadLimit
        native.download_limit = options.downloadLimit
        native.free_space_floor = max(options.freeSpaceFloor, configuration.freeSpaceFloor)
        native.rate_class = options.rateClass?.rawValue ?? 0
        if options.isSequential { native.flags |= UInt32(CLT_ADD_SEQUENTIAL) }
        record.speaksMessages = options.messages != nil
        if options.messages != nil { native.flags |= UInt32(CLT_ADD_MESSAGES) }
        let peerID = options.messages?.peerID ?? ""
        var have: [UInt8]?
        var priorities = options.filePriorities
        switch options.content {
        case .unknown: break
        case .complete: native.flags |= UInt32(CLT_ADD_HAVE_ALL)
        case .completeVerifiedOnRead: native.flags |= UInt32(CLT_ADD_VERIFY_ON_READ)
        case .pieces(let pieces): have = pieces
        case .resumed(let data):
            guard data.infoHash == infoHash else {
                throw EngineError(
                    .contentMismatch, operation, reason: "the resume data belongs to another torrent")
            }
            have = data.pieces
            priorities = priorities ?? data.filePriorities
        }
        let identities = options.identities.map { clt_file_identity($0) }
        var id: clt_torrent_id = 0
        try nativeCall(operation) { error in
            withBorrowed(options.saveFolder) { path, length in
                withBorrowed(members) { members in
                    withBorrowed(peerID) { peerID, peerIDLength in
                        withBuffers(have ?? [], identities, priorities ?? []) {
                            pieces, identities, priorities in
                            native.save_path = path
                            native.save_path_length = length
                            native.members = members.baseAddress
                            native.member_count = UInt64(members.count)
                            native.peer_id = peerID
                            native.peer_id_length = peerIDLength
                            if have != nil {
                                native.have_pieces = pieces.baseAddress
                                native.have_pieces_length = pieces.count
                            }
                            native.identities = identities.baseAddress
                            native.identity_count = UInt64(identities.count)
                            native.file_priorities = priorities.baseAddress
                            native.file_priority_count = UInt64(priorities.count)
                            return clt_torrent_add(handle, &native, &id, error)
                        }
                    }
                }
            }
        }
        withExtendedLifetime(metainfo) {}
        let torrent = Torrent(id: Torrent.ID(raw: id), infoHash: infoHash, engine: self)
        records[torrent.id] = record
        return torrent
    }

    func start(_ id: Torrent.ID, dialling peers: [PeerEndpoint]) throws(EngineError) {
        let handle = try liveHandle("start torrent \(id)")
        records[id]?.failure = nil
        let endpoints = peers.map { clt_endpoint($0) }
        try nativeCall("start torrent \(id)") { error in
            endpoints.withUnsafeBufferPointer {
                clt_torrent_start(handle, id.raw, $0.baseAddress, UInt64($0.count), error)
            }
        }
    }

    func stop(_ id: Torrent.ID) throws(EngineError) {
        let handle = try liveHandle("stop torrent \(id)")
        try nativeCall("stop torrent \(id)") { clt_torrent_stop(handle, id.raw, $0) }
    }

    func acceptMetadata(_ metainfo: Metainfo, of id: Torrent.ID) throws(EngineError) {
        let handle = try liveHandle("accept the metadata of torrent \(id)")
        try nativeCall("accept the metadata of torrent \(id)") { error in
            withExtendedLifetime(metainfo) {
                clt_torrent_accept_metadata(handle, id.raw, metainfo.native.pointer, error)
            }
        }
        records[id]?.heldMetadata = nil
    }

    func setMembers(_ members: [Member], of id: Torrent.ID) throws(EngineError) {
        let operation = "set the members of torrent \(id)"
        let handle = try liveHandle(operation)
        guard var record = records[id] else { throw notFound(operation) }
        let numbered = members.map { (member: $0, rule: record.rule(for: $0)) }
        records[id] = record
        try nativeCall(operation) { error in
            withBorrowed(numbered) {
                clt_torrent_set_members(handle, id.raw, $0.baseAddress, UInt64($0.count), error)
            }
        }
        formerMembers.note(record.members, members, of: id)
        records[id]?.setMembers(members)
    }

    func setRateLimits(upload: UInt32, download: UInt32, of id: Torrent.ID) throws(EngineError) {
        let handle = try liveHandle("limit torrent \(id)")
        try nativeCall("limit torrent \(id)") {
            clt_torrent_set_rate_limits(handle, id.raw, upload, download, $0)
        }
        records[id]?.limits = RateLimits(upload: UInt64(upload), download: UInt64(download))
    }

    func notFound(_ operation: String) -> EngineError {
        EngineError(.torrentNotFound, operation, reason: "no torrent has that ID (any more)")
    }
}
