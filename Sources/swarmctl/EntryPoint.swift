import TorrentEngine

/// Where the process begins.
///
/// The main thread waits for signals and does nothing else; the command runs as a task.
@main
enum EntryPoint {
    static func main() {
        isolate()
        let signals = Signals()
        let arguments = Array(CommandLine.arguments.dropFirst())
        let runner = Runner(arguments: arguments, signals: signals)
        let task = Task<Void, Never>.detached { runner.end(with: await runner.run()) }
        signals.wait(cancelling: task)
    }

    /// Why the process could not have a network of its own, where it was to.
    private(set) nonisolated(unsafe) static var isolationProblem: EngineError?

    /// The leak check's processes go into namespaces, which is allowed only before there is a second thread.
    private static func isolate() {
        do throws(EngineError) {
            switch CommandLine.arguments.dropFirst().first {
            case LabCommand.name: try Namespaces.enterLab()
            case LabPartyCommand.name: try Namespaces.enterNetwork()
            default: break
            }
        } catch {
            isolationProblem = error
        }
    }
}
