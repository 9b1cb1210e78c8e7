import NodeInterface

/// Work that several callers wait for is done once. It is cancelled when none of them waits any more.
actor SharedWork<Key: Hashable & Sendable, Value: Sendable> {
    private struct Entry {
        let id: UInt64
        let task: Task<Result<Value, BackendError>, Never>
        var waiting: Int
    }

    private var entries: [Key: Entry] = [:]
    private var lastID: UInt64 = 0

    /// The result of the work for that key that is under way, or of `work`, which is begun.
    func value(
        for key: Key, operation: String,
        _ work: @escaping @Sendable () async throws(BackendError) -> Value
    ) async throws(BackendError) -> Value {
        let entry = join(key, work)
        let outcome = await entry.task.valueUnlessCancelled()
        leave(key, entry.id)
        guard let outcome else {
            throw BackendError(.cancelled, operation, reason: "the task was cancelled")
        }
        return try outcome.get()
    }

    /// Cancels the work for that key, whoever waits for it, and returns when it has ended.
    func cancel(_ key: Key) async {
        guard let entry = entries.removeValue(forKey: key) else { return }
        entry.task.cancel()
        _ = await entry.task.value
    }

    private func join(_ key: Key, _ work: @escaping @Sendable () async throws(BackendError) -> Value) -> Entry
    {
        if let entry = entries[key] {
            entries[key]?.waiting += 1
            return entry
        }
        lastID += 1
        let task = Task { () async -> Result<Value, BackendError> in
            do throws(BackendError) { return .success(try await work()) } catch { return .failure(error) }
        }
        let entry = Entry(id: lastID, task: task, waiting: 1)
        entries[key] = entry
        return entry
    }

    private func leave(_ key: Key, _ id: UInt64) {
        guard var entry = entries[key], entry.id == id else { return }
        entry.waiting -= 1
        guard entry.waiting == 0 else {
            entries[key] = entry
            return
        }
        entry.task.cancel()
        entries[key] = nil
    }
}
