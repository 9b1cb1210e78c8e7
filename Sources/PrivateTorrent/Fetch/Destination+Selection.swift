import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

// Which files are wanted, and what becomes of what is on disk of the others: see record 0032. All calls block.
extension Destination {
    /// Whether this fetch is for that file; never for padding.
    func wants(_ index: Int) -> Bool {
        !metainfo.files[index].isPad && wanted?.contains(index) != false
    }

    /// For ``AddOptions/filePriorities``; nil: every file as by default.
    var priorities: [UInt8]? {
        wanted.map { wanted in metainfo.files.indices.map { wanted.contains($0) ? 4 : 0 } }
    }

    /// Bytes in pieces that are wanted and not there.
    ///
    /// - Parameter pieces: The bitfield of what is there; empty for nothing.
    func missingBytes(given pieces: [UInt8]) -> UInt64 {
        let length = UInt64(max(1, metainfo.pieceLengthBytes))
        let end = metainfo.files.map { $0.offsetBytes + $0.sizeBytes }.max() ?? 0
        var counted: UInt64 = 0  // pieces before this one
        var missing: UInt64 = 0
        for index in metainfo.files.indices where wants(index) && metainfo.files[index].sizeBytes > 0 {
            let file = metainfo.files[index]
            let last = (file.offsetBytes + file.sizeBytes - 1) / length
            var piece = max(counted, file.offsetBytes / length)
            while piece <= last {
                let byte = Int(piece / 8)
                let isThere = byte < pieces.count && pieces[byte] & (0x80 >> UInt8(piece % 8)) != 0
                if !isThere { missing += min(length, end - piece * length) }
                piece += 1
            }
            counted = max(counted, last + 1)
        }
        return missing
    }

    /// Notes what is wanted, with what was before, and puts what was set aside back to its place.
    ///
    /// - Returns: Whether something was.
    func takeUpSelection(isContinued: Bool) throws(EngineError) -> Bool {
        var all = wanted
        if isContinued {
            // All that an unfinished fetch of everything wanted stays wanted.
            all = record.wanted().flatMap { before in wanted.map { before.union($0) } }
        } else if let wanted {
            // What is adopted is its owner's, and stays where it is.
            all = wanted.union(
                metainfo.files.indices.filter {
                    !metainfo.files[$0].isPad && FileSystem.kind(of: place($0)) != nil && !isSingleFile
                })
        }
        if let every = all,
            metainfo.files.indices.allSatisfy({ metainfo.files[$0].isPad || every.contains($0) })
        {
            all = nil
        }
        try record.write(wanted: all)
        var isBack = false
        for (index, aside) in asides.enumerated() where FileSystem.kind(of: aside) == .file {
            isBack = true
            move(aside, to: place(index))
        }
        return isBack
    }

    /// The record goes where nothing is left out. Else it stays, and takes what is on disk of files that nobody wants,
    /// unless the torrent goes on running: it needs that for the pieces which it shares with others.
    func close(isWhole: Bool, isRunning: Bool) {
        let all = record.wanted()
        if isWhole, all == nil {
            record.remove()
            return
        }
        guard let all, !isRunning else { return }
        let asides = asides
        for index in metainfo.files.indices where !metainfo.files[index].isPad && !all.contains(index) {
            guard FileSystem.kind(of: place(index)) == .file else { continue }
            move(place(index), to: asides[index])
            removeEmptyFolders(above: metainfo.files[index].path)
        }
    }

    private func place(_ index: Int) -> String { "\(folder)/\(metainfo.files[index].path)" }

    /// By the torrent's own names: a file that is renamed later is found there too.
    private var asides: [String] {
        let recorded = (try? record.metainfo()) ?? nil
        return (recorded?.files ?? metainfo.files).map {
            "\(record.path)/\(FetchRecord.restFolder)/\($0.path)"
        }
    }

    /// What cannot be moved stays where it is: it is wrong in neither place.
    private func move(_ from: String, to target: String) {
        let parent = target.split(separator: "/").dropLast().joined(separator: "/")
        try? FileSystem.makeFolders("/" + parent, operation: "set aside \(quoted(from))")
        if FileSystem.kind(of: target) == nil { rename(from, target) }
    }

    private func removeEmptyFolders(above file: String) {
        var components = FileSystem.components(of: file).dropLast()
        while components.count > 1, rmdir("\(folder)/\(components.joined(separator: "/"))") == 0 {
            components.removeLast()
        }
    }
}
