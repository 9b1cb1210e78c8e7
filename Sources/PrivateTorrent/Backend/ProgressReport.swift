import NodeInterface
import TorrentEngine

/// A fetch's updates in the node's terms.
struct ProgressReport: Sendable {
    private let report: (@Sendable (TransferProgress) -> Void)?

    init(_ report: (@Sendable (TransferProgress) -> Void)?) { self.report = report }

    func take(_ update: FetchUpdate) {
        guard let report else { return }
        switch update {
        case .started, .stalled: break
        case .metadata(let metainfo):
            report(TransferProgress(phase: .downloading, totalBytes: metainfo.sizeBytes))
        case .checking(let progress):
            report(
                TransferProgress(
                    phase: .checking, completedBytes: progress.doneBytes, totalBytes: progress.totalBytes))
        case .progress(let status):
            report(
                TransferProgress(
                    phase: phase(of: status), completedBytes: status.wantedVerifiedBytes,
                    totalBytes: status.pieceCount == 0 ? nil : status.wantedBytes,
                    downloadBytesPerSecond: status.downloadRate, connectedPeers: status.connectedPeers))
        }
    }

    private func phase(of status: TorrentStatus) -> TransferProgress.Phase {
        switch status.state {
        case .metadata, .held: .fetchingMetadata
        case .checking: .checking
        case .finished, .seeding: .finished
        default: .downloading
        }
    }
}
