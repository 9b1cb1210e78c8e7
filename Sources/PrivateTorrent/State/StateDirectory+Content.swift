import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

extension StateDirectory {
    /// Deletes the files of a torrent that are still the ones that it had when it was last saved, and the folders that are
    /// then empty; no link is followed. Nothing where it was never saved. Blocks.
    func deleteContent(of infoHash: InfoHash) {
        var report = StateReport(wasUnclean: false, isRebuilt: false, problems: [])
        guard let metainfo = torrent(infoHash, &report), let saved = content(of: metainfo, &report),
            let now = try? FileSync().sync(metainfo, in: saved.saveFolder, wanted: [])
        else { return }
        for (index, file) in metainfo.files.enumerated() where !file.isPad {
            guard let then = saved.identities[index], let now = now[index], then.inode == now.inode,
                then.device == now.device
            else { continue }
            unlink("\(saved.saveFolder)/\(file.path)")
            var folders = file.path.split(separator: "/").dropLast()
            while !folders.isEmpty, rmdir("\(saved.saveFolder)/\(folders.joined(separator: "/"))") == 0 {
                folders.removeLast()
            }
        }
    }
}
