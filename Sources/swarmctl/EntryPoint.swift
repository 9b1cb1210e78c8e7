/// Where the process begins.
///
/// The main thread waits for signals and does nothing else; the command runs as a task.
@main
enum EntryPoint {
    static func main() {
        let signals = Signals()
        let arguments = Array(CommandLine.arguments.dropFirst())
        let runner = Runner(arguments: arguments, signals: signals)
        let task = Task<Void, Never>.detached { runner.end(with: await runner.run()) }
        signals.wait(cancelling: task)
    }
}
