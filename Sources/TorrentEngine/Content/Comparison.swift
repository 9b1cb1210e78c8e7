#if canImport(Glibc)
    import Glibc
#endif

/// What a hash job found, against what a torrent says.
struct Comparison {
    private enum Outcome {
        case verified, mismatch, unreadable, notLookedAt
    }

    private let metainfo: Metainfo
    private let job: HashJob
    private let outcomes: [Outcome]
    private let longFiles: Set<Int>

    init(_ metainfo: Metainfo, hashes: [UInt8], job: HashJob, longFiles: Set<Int>) {
        self.longFiles = longFiles
        self.metainfo = metainfo
        self.job = job
        let length = InfoHash.byteCount
        outcomes = (0..<metainfo.pieceCount).map { index in
            switch job.piece(index) {
            case .notHashed: return .notLookedAt
            case .unreadable: return .unreadable
            case .hashed(let hash):
                return hash[...] == hashes[index * length..<(index + 1) * length] ? .verified : .mismatch
            }
        }
    }

    var verification: PieceVerifier.Verification {
        var bitfield = [UInt8](repeating: 0, count: (outcomes.count + 7) / 8)
        for (piece, outcome) in outcomes.enumerated() where outcome == .verified {
            bitfield[piece / 8] |= 0x80 >> UInt8(piece % 8)
        }
        return PieceVerifier.Verification(
            bitfield: bitfield, verifiedPieceCount: outcomes.count { $0 == .verified },
            verifiedBytes: metainfo.files.reduce(0) { $0 + ($1.isPad ? 0 : verifiedBytes(of: $1)) },
            badFiles: metainfo.files.indices.compactMap(badFile),
            identities: metainfo.files.indices.map(job.fileIdentity))
    }

    private func verifiedBytes(of file: Metainfo.File) -> UInt64 {
        let length = UInt64(metainfo.pieceLengthBytes)
        let end = file.offsetBytes + file.sizeBytes
        return metainfo.pieces(of: file).reduce(0) { sum, piece in
            guard outcomes[piece] == .verified else { return sum }
            let start = UInt64(piece) * length
            return sum + min(start + length, end) - max(start, file.offsetBytes)
        }
    }

    private func badFile(_ index: Int) -> PieceVerifier.BadFile? {
        let file = metainfo.files[index]
        guard !file.isPad else { return nil }
        let code = job.fileErrno(index)
        let all = metainfo.pieces(of: file)
        let pieces = all.filter { outcomes[$0] != .notLookedAt }
        guard !pieces.isEmpty || all.isEmpty else { return nil }
        let mismatches = pieces.contains { outcomes[$0] == .mismatch }
        guard code != 0 || mismatches || longFiles.contains(index) else { return nil }
        let reason: PieceVerifier.Reason =
            switch code {
            case 0: mismatches ? .mismatch : .long
            case ENOENT, ENOTDIR: .missing
            case ENODATA: .short
            case ESTALE: .changed
            default: .unreadable
            }
        return PieceVerifier.BadFile(
            index: index, path: file.path, pieces: pieces.filter { outcomes[$0] != .verified },
            reason: reason,
            systemErrno: code == 0 || code == ENODATA || code == ESTALE ? nil : code)
    }
}
