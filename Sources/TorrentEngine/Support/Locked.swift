#if canImport(Glibc)
    import Glibc
#endif

/// A value behind a lock.
///
/// `Synchronization.Mutex` would do, but the thread sanitizer of this toolchain reports false races on it; it
/// understands pthread locks, so a clean run with this type means something.
package final class Locked<Value>: @unchecked Sendable {
    // @unchecked: `value` is touched only under `mutex`, which never moves and lives as long as the object.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` alone with the value.
    ///
    /// Never suspend, call out or block inside.
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
