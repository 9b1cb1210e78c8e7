import CLibtorrent

#if canImport(Glibc)
    import Glibc
#endif

extension Engine {
    func rename(_ id: Torrent.ID, file: Int, to path: String) async throws(EngineError) {
        guard file >= 0 else { throw Metainfo.noSuchFile(file, "rename a file of torrent \(id)") }
        _ = try await moved(id, "rename file \(file) of torrent \(id) to \(quoted(path))") {
            handle, request, error in
            withBorrowed(path) { clt_torrent_rename(handle, id.raw, UInt64(file), $0, $1, request, error) }
        }
    }

    /// What an event says of a renaming.
    func renameOutcome(_ native: clt_event) -> Result<[LeftFile], EngineError> {
        guard native.value == 0 else { return .success([]) }
        let path = eventData(native)
        return .failure(
            EngineError(renaming: path, reason: text(native), errno: native.system_errno))
    }
}

extension EngineError {
    /// Why a file has the name that it had.
    init(renaming path: String, reason: String, errno code: Int32) {
        let kind: Code =
            switch code {
            case ECANCELED: .cancelled
            case EBUSY: .inUse
            default: Code(fileErrno: code)
            }
        let remedy: String? =
            switch kind {
            case .fileExists: "choose another name, or move away what stands there"
            case .inUse: "end the program that writes to it, and try again"
            case .permissionDenied: "give this user access to the folder"
            case .contentChanged: "verify the content, and add the torrent again"
            default: nil
            }
        self.init(
            kind, "rename a file of a torrent (\(path))", reason: "\(reason); it has the name that it had",
            remedy: remedy, path: path, systemErrno: code)
    }
}

/// Renames files of torrents that are in no engine.
package enum FileRename {
    /// Gives a file below `folder` another name, as ``Torrent/rename(file:to:)`` does, or brings that to its end where a
    /// crash cut it off. Blocks.
    ///
    /// - Returns: Whether it is there; where not, the new name is free.
    /// - Throws: `.fileExists`, `.diskFull`, `.permissionDenied`, `.inputOutput`, `.inputMissing` (the folder).
    package static func rename(_ from: String, to: String, in folder: String) throws(EngineError) -> Bool {
        var found: Int32 = 0
        try nativeCall("rename \(quoted(from)) in \(quoted(folder)) to \(quoted(to))") { error in
            withBorrowed(folder) { root, rootLength in
                withBorrowed(from) { from, fromLength in
                    withBorrowed(to) {
                        clt_file_rename(root, rootLength, from, fromLength, $0, $1, &found, error)
                    }
                }
            }
        }
        return found != 0
    }
}
