import TorrentEngine

/// What need not be hashed of content that was being fetched, and what must be.
///
/// A piece that was saved as had was on the disk before that was written. It is believed as long as each of its files
/// is the file that it was (device and inode) and reaches as far as the piece does; after an end that was in order, also
/// only if it was not touched since. Whatever else holds data is hashed: what came after the last save, above all.
struct ContentRecovery: Sendable {
    let metainfo: Metainfo
    let saved: SavedContent?
    /// The files as they are now.
    let identities: [FileIdentity?]
    let wasUnclean: Bool

    /// The pieces that are believed.
    var trusted: [UInt8] {
        var out = [UInt8](repeating: 0, count: (metainfo.pieceCount + 7) / 8)
        guard let saved else { return out }
        for piece in 0..<metainfo.pieceCount where isSet(saved.resume.pieces, piece) {
            out.setPiece(piece)
        }
        let length = UInt64(metainfo.pieceLengthBytes)
        for (index, file) in metainfo.files.enumerated() where !file.isPad {
            let isSame = isSame(index)
            let size = identities[index]?.sizeBytes ?? 0
            for piece in metainfo.pieces(of: file) where isSet(out, piece) {
                let end = min(UInt64(piece + 1) * length, file.offsetBytes + file.sizeBytes)
                guard !isSame || end - file.offsetBytes > size else { continue }
                out[piece / 8] &= ~(0x80 >> UInt8(piece % 8))
            }
        }
        return out
    }

    private func isSame(_ index: Int) -> Bool {
        guard let then = saved?.identities[index], let now = identities[index] else { return false }
        return wasUnclean ? then.device == now.device && then.inode == now.inode : then == now
    }
}

extension [UInt8] {
    mutating func setPiece(_ piece: Int) { self[piece / 8] |= 0x80 >> UInt8(piece % 8) }
}
