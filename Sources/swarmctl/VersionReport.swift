import TorrentEngine

/// What `--version` says.
struct VersionReport: OutputEvent {
    static let event = EventName.version

    let package: String
    let abi: UInt32?
    let engineCompiled: String?
    let engineRunning: String?

    static var current: VersionReport {
        let versions = try? Engine.versions()
        return VersionReport(
            package: PackageVersion.current, abi: versions?.shimABI, engineCompiled: versions?.engineCompiled,
            engineRunning: versions?.engineRunning)
    }

    var text: String {
        """
        swarmctl \(package)
        shim ABI \(abi.map(String.init) ?? "unknown")
        libtorrent \(engineCompiled ?? "unknown") compiled, \(engineRunning ?? "unknown") running
        """
    }
}
