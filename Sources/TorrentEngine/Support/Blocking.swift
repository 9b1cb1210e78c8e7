/// Runs work that blocks, the file system's above all, on a thread of its own.
///
/// The work is not interrupted by cancellation: keep it short.
package func blocking<Value: Sendable>(
    _ operation: String, _ work: @escaping @Sendable () throws(EngineError) -> Value
) async throws(EngineError) -> Value {
    try await HashTask.run(operation, report: nil) { _ throws(EngineError) in try work() }
}
