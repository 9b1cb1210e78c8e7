import Dispatch

/// Runs what reads files on a thread of its own: swift-configuration reads where it is called, and a disk or a share that
/// does not answer would hold a thread of the cooperative pool.
final class FileExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "NodeConfiguration.files")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
