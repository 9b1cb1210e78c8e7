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
        for key in held.filter({ $0.value.jobID == jobID }).keys {
            if !keys.contains(key) { sendCancel(to: key.peerID, jobID: jobID, requestID: key.signalID) }
            await release(key)
        }
        for task in tasks { await task.value }
    }

    /// A cancel counts if it names a request between its sender and us, of that job. It ends what is between the two
    /// of us for that job, and nothing of anybody else's.
    func take(_ body: JobCancel, from peerID: String) async {
        let isOfOurs = requests[body.requestSignalID].map { $0.peerID == peerID && $0.jobID == body.jobID }
        let key = RequestKey(peerID: peerID, signalID: body.requestSignalID)
        let isAnswered = answers[key].map { $0.jobID == body.jobID } ?? false
        let isHeld = held[key].map { $0.jobID == body.jobID } ?? false
        guard isOfOurs == true || isAnswered || isHeld else {
            let takesPart = await jobs.isParticipant(peerID, inJob: body.jobID)
            return drop(takesPart ? .unknownRequest : .notAParticipant)
        }
        statistics.cancels += 1
        for (id, request) in requests where request.peerID == peerID && request.jobID == body.jobID {
            end(
                request: id,
                with: BackendError(
                    .refused, "fall back for job \(body.jobID)", reason: "the peer cancelled it"))
        }
        _ = cancelAnswers { key, jobID in key.peerID == peerID && jobID == body.jobID }
        for key in held.filter({ $0.key.peerID == peerID && $0.value.jobID == body.jobID }).keys {
            await release(key)
        }
    }

    /// Cancels the answers that are meant; each releases by itself what it has prepared.
    private func cancelAnswers(
        _ isMeant: (RequestKey, String) -> Bool
    ) -> (tasks: [Task<Void, Never>], keys: [RequestKey]) {
        let meant = answers.filter { isMeant($0.key, $0.value.jobID) }
        for answer in meant.values { answer.task.cancel() }
        return (meant.values.map(\.task), Array(meant.keys))
    }
}
