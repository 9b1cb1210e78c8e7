/// Code that does not return, and does not care for cancellation.
package actor Hang {
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    private var isOpen = false
    /// How many calls have come so far.
    package private(set) var entered = 0

    package init() {}

    /// Does not return before ``release()``.
    package func wait() async {
        entered += 1
        for watcher in watchers where watcher.count <= entered { watcher.continuation.resume() }
        watchers.removeAll { $0.count <= entered }
        guard !isOpen else { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Waits until so many calls have come.
    package func waitUntilEntered(_ count: Int = 1) async {
        guard entered < count else { return }
        await withCheckedContinuation { watchers.append((count, $0)) }
    }

    /// Lets every call return, those that come later too.
    package func release() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting.removeAll()
    }
}
