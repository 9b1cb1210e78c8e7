import NodeConfiguration
package import NodeControl
package import NodeInterface
package import PrivateTorrent
import TorrentEngine

/// Everything that `swarmd` is told at one moment: its own section and the node's torrent options, with what is wrong and
/// where each came from. `swarmctl config` and `swarmd` read by it, so that one says what the other does.
package struct SwarmdSettings: Sendable {
    /// `swarmd`'s own; where there are problems, what could be read of it.
    package let options: SwarmdOptions
    /// The node's.
    package let torrent: TorrentBackendOptions
    /// Everything that is wrong: with any of it a node does not start.
    package let problems: [String]
    /// What is worth a look and no error: keys that nothing reads.
    package let warnings: [String]
    /// Every key, with what counts for it.
    package let settings: [SettingsReport.Setting]
    /// Of those, what stands for a key that is secret, to see whether it changes.
    private let secrets: [String: String]
    private let path: String

    /// Reads the file and the environment. Blocks.
    ///
    /// - Parameter environment: The variables; nil takes the process's own.
    /// - Throws: `.invalidOptions` for a file that is not there, cannot be read or is no JSON or YAML.
    package init(path: String, environment: [String: String]? = nil) throws(BackendError) {
        self.path = path
        let file = try NodeFile(path: path, environment: environment)
        var reader = SwarmdOptionsReader(file)
        options = reader.read()
        let reading = file.torrentOptions()
        torrent = reading.options
        problems =
            reader.problems
            + reading.problems.map { problem in
                "cannot \(problem.operation): \(problem.reason)" + (problem.remedy.map { " (\($0))" } ?? "")
            }
        warnings = reading.warnings
        let defaults = SwarmdOptions()
        settings =
            SwarmdKey.allCases.map {
                Self.setting($0.full, file.value(at: $0.path, inEnvironment: false), path, $0.isLive)
                    ?? .init(
                        key: $0.full, value: $0.text(of: defaults), source: .default, isLive: $0.isLive)
            }
            + OptionKey.leaves.map {
                Self.setting(
                    $0.full, file.value(at: $0.path, inEnvironment: true), path, true,
                    isSecret: $0.isSecret)
                    ?? .init(key: $0.full, value: $0.defaultText, source: .default, isLive: true)
            }
        secrets = OptionKey.leaves.filter(\.isSecret).reduce(into: [:]) {
            $0[$1.full] = file.value(at: $1.path, inEnvironment: true)?.text
        }
    }

    /// Reads them as the constructor does, and lets no mistake pass. Blocks.
    ///
    /// - Throws: `.invalidOptions` with everything that is wrong.
    package static func checked(path: String) throws(BackendError) -> SwarmdSettings {
        let settings = try SwarmdSettings(path: path)
        guard settings.problems.isEmpty else {
            throw BackendError(
                .invalidOptions, "use \(path)", reason: settings.problems.joined(separator: "; "))
        }
        return settings
    }

    /// For people and programs.
    package var report: SettingsReport {
        SettingsReport(file: path, settings: settings, problems: problems, warnings: warnings)
    }

    /// What runs since these were read and `live` was read again: live keys are the newer's.
    package func running(withLiveOf live: SwarmdSettings) -> [SettingsReport.Setting] {
        zip(settings, live.settings).map { $0.isLive ? $1 : $0 }
    }

    /// Marks in `running` what these say otherwise.
    package func report(
        changing running: [SettingsReport.Setting], live: SwarmdSettings
    ) -> SettingsReport {
        var out = report
        out.settings = zip(running, settings).map { running, new in
            var setting = running
            setting.isChanged =
                running.value != new.value || live.secrets[running.key] != secrets[running.key]
            if setting.isChanged { setting.changedValue = new.value }
            return setting
        }
        return out
    }

    private static func setting(
        _ key: String, _ found: (text: String, origin: NodeFile.Origin)?, _ path: String, _ isLive: Bool,
        isSecret: Bool = false
    ) -> SettingsReport.Setting? {
        guard let found else { return nil }
        return switch found.origin {
        case .environment(let variable):
            .init(
                key: key, value: found.text, source: .environment, place: variable, isSecret: isSecret,
                isLive: isLive)
        case .file(let line):
            .init(
                key: key, value: found.text, source: .file, place: path, line: line, isSecret: isSecret,
                isLive: isLive)
        }
    }
}
