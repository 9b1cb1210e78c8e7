import NodeInterface

extension SwarmSignalHandlers {
    /// Ends everything between a job and its peers: what is held for them, what is being prepared for them, and what
    /// is fetched from them. They are told.
    public func cancel(jobID: String) async {
        for (id, request) in requests where request.jobID == jobID {
            end(
                request: id,
                with: BackendError(.cancelled, "fall back for job \(jobID)", reason: "the job was cancelled"))
        }
        let (tasks, keys) = cancelAnswers { _, jobOfRequest in jobOfRequest == jobID }
        for key in keys { sendCancel(to: key.peerID, jobID: jobID, requestID: key.signalID) }
        let ofJob = held.filter { $0.value.jobID == jobID }.map(\.key)
        for key in ofJob where !keys.contains(key) {
            sendCancel(to: key.peerID, jobID: jobID, requestID: key.signalID)
        }
        await release(all: ofJob)
        for task in tasks { await task.value }
    }

    /// A cancel counts if it names a request between its sender and us, of that job. It ends what is between the two
    /// of us for that job, and nothing of anybody else's.
    func take(_ body: JobCancel, from peerID: String) {
        let isOfOurs = requests[body.requestSignalID].map { $0.peerID == peerID && $0.jobID == body.jobID }
        let key = RequestKey(peerID: peerID, signalID: body.requestSignalID)
        let isAnswered = answers[key].map { $0.jobID == body.jobID && !$0.isCancelled } ?? false
        let isHeld = held[key].map { $0.jobID == body.jobID } ?? false
        guard isOfOurs == true || isAnswered || isHeld else {
            // Who takes part is asked for the count of drops alone.
            guard errandCount < options.heldFallbacks else { return drop(.overloaded) }
            return errand { await self.dropCancel(ofJob: body.jobID, from: peerID) }
        }
        statistics.cancels += 1
        for (id, request) in requests where request.peerID == peerID && request.jobID == body.jobID {
            end(
                request: id,
                with: BackendError(
                    .refused, "fall back for job \(body.jobID)", reason: "the peer cancelled it"))
        }
        _ = cancelAnswers { key, jobID in key.peerID == peerID && jobID == body.jobID }
        // Signals that come after it do not wait until files are closed.
        let ofPeer = held.filter { $0.key.peerID == peerID && $0.value.jobID == body.jobID }.map(\.key)
        errand { await self.release(all: ofPeer) }
    }

    private func dropCancel(ofJob jobID: String, from peerID: String) async {
        let jobs = jobs
        let takesPart = try? await ask("look up job \(jobID)", within: options.callLimit) {
            await jobs.isParticipant(peerID, inJob: jobID)
        }
        drop(takesPart == true ? .unknownRequest : .notAParticipant)
    }

    /// Cancels the answers that are meant; each releases by itself what it has prepared.
    private func cancelAnswers(
        _ isMeant: (RequestKey, String) -> Bool
    ) -> (tasks: [Task<Void, Never>], keys: [RequestKey]) {
        let meant = answers.filter { isMeant($0.key, $0.value.jobID) }
        for (key, answer) in meant {
            answer.task.cancel()
            answers[key]?.isCancelled = true
        }
        return (meant.values.map(\.task), Array(meant.keys))
    }
}
