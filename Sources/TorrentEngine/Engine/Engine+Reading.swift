import CLibtorrent

// Reads of pieces: asked for here, answered by an event when the piece is verified.
extension Engine {
    /// Asks for pieces; each request is waited for with `pieceBytes(_:of:)`, or given up with `cancelReads(_:of:)`.
    func beginReads(_ pieces: Range<Int>, of id: Torrent.ID) throws(EngineError) -> [UInt64] {
        if let failure = records[id]?.failure { throw failure }
        var requests: [UInt64] = []
        do throws(EngineError) {
            for piece in pieces {
                let operation = "read piece \(piece) of torrent \(id)"
                let handle = try liveHandle(operation)
                let request = nextRequest()
                pieceData.open(request)
                records[id]?.reads.insert(request)
                requests.append(request)
                try nativeCall(operation) {
                    clt_torrent_read_piece(handle, id.raw, UInt32(clamping: piece), request, $0)
                }
            }
        } catch {
            cancelReads(requests, of: id)
            throw error
        }
        return requests
    }

    /// Waits for the bytes of a piece that was asked for. Once per request.
    nonisolated func pieceBytes(_ request: UInt64, of id: Torrent.ID) async throws(EngineError) -> [UInt8] {
        try await withTaskCancellationHandler {
            await pieceData.outcome(request)
        } onCancel: {
            pieceData.resolve(
                request,
                .failure(
                    EngineError(.cancelled, "read torrent \(id)", reason: "the task was cancelled")))
        }.get()
    }

    func cancelReads(_ requests: [UInt64], of id: Torrent.ID) {
        for request in requests {
            pieceData.close(request)
            records[id]?.reads.remove(request)
        }
        guard let handle = native?.handle, records[id] != nil else { return }
        // A torrent that is gone has no reads.
        try? nativeCall("cancel reads of torrent \(id)") { error in
            requests.withUnsafeBufferPointer {
                clt_torrent_cancel_reads(handle, id.raw, $0.baseAddress, UInt64($0.count), error)
            }
        }
    }
}
