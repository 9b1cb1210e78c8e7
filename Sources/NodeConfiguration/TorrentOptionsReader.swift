public import Configuration
import Foundation
public import NodeInterface
public import PrivateTorrent
import SystemPackage

/// Reads ``TorrentBackendOptions`` from the node's configuration: environment, JSON and YAML files, or any provider
/// of swift-configuration.
public struct TorrentOptionsReader: Sendable {
    /// What was read.
    public struct Reading: Sendable, Hashable {
        /// The options, valid as a whole.
        public var options: TorrentBackendOptions
        /// What is worth a look and no error: keys that nothing reads, each with the nearest that something does.
        public var warnings: [String]
    }

    private let sources: [(name: String, provider: any ConfigProvider)]
    private let fileExecutor = FileExecutor()

    /// Reads from these, the first that has a key first.
    ///
    /// Keys that nothing reads, and an empty `PrivateMode`, are seen only in a ``NodeEnvironmentProvider`` and in a
    /// file that is read as ``NodeFileSnapshot``: other providers cannot say which keys they have.
    public init(providers: [any ConfigProvider]) { sources = providers.map { ($0.providerName, $0) } }

    /// Reads from the environment, then the files, the first first.
    ///
    /// - Parameters:
    ///   - files: Paths of `.json`, `.yaml` or `.yml` files, which must be there.
    ///   - environment: The variables; nil takes the process's own.
    /// - Throws: `BackendError.Code.invalidOptions` for a file that is not there, cannot be read or has a mistake.
    public init(files: [String], environment: [String: String]? = nil) async throws(BackendError) {
        let variables =
            environment.map { NodeEnvironmentProvider(environment: $0) } ?? NodeEnvironmentProvider()
        var sources: [(name: String, provider: any ConfigProvider)] = [(variables.providerName, variables)]
        for path in files {
            guard let format = NodeFileSnapshot.Format(path: path) else {
                throw BackendError(
                    .invalidOptions, "read the options in \(path)",
                    reason: "it is neither JSON nor YAML by its name",
                    remedy: "name it .json, .yaml or .yml")
            }
            do {
                let provider = try await withTaskExecutorPreference(fileExecutor) {
                    try await ReloadingFileProvider<NodeFileSnapshot>(
                        parsingOptions: .init(format: format), filePath: FilePath(path))
                }
                sources.append((path, provider))
            } catch {
                throw Self.unreadable(path, error)
            }
        }
        self.sources = sources
    }

    /// The options at this moment; a file that has changed since is not looked at.
    ///
    /// - Throws: `BackendError.Code.invalidOptions` with everything that is wrong, each by its key.
    public func read() throws(BackendError) -> Reading {
        let snapshots = sources.map { $0.provider.snapshot() }
        var binder = OptionsBinder(snapshots)
        let options = binder.read()
        if let error = BackendError.invalidOptions(binder.problems) { throw error }
        return Reading(
            options: options,
            warnings: snapshots.compactMap { $0 as? any TreeSnapshot }.flatMap {
                UnknownKeys.warnings(in: $0)
            })
    }

    /// Looks at the files, and reads the options.
    ///
    /// - Throws: `BackendError.Code.invalidOptions`, as ``read()``, and for a file that is not there any more or has a
    ///   mistake: what was read of it last stays what ``read()`` gives.
    public func reload() async throws(BackendError) -> Reading {
        for (name, provider) in sources {
            do {
                // A provider looks at its file when it is asked this way, and only then.
                _ = try await withTaskExecutorPreference(fileExecutor) {
                    try await provider.fetchValue(forKey: AbsoluteConfigKey(OptionKey.prefix), type: .string)
                }
            } catch  where !(error is ValueMismatch) {
                throw Self.unreadable(name, error)
            } catch {
                continue  // A value that is wrong is told with the others.
            }
        }
        return try read()
    }

    private static func unreadable(_ name: String, _ error: any Error) -> BackendError {
        BackendError(
            .invalidOptions, "read the options in \(name)", reason: FileMistake.words(for: error),
            underlying: "\(type(of: error))")
    }
}
