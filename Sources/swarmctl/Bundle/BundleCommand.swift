import ArgumentParser
import NodeControl
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// `swarmctl bundle`
struct BundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "Make one archive of a running node for a bug report.",
        discussion: """
            Versions, settings, the last lines of the log, and what the node says of its torrents, peers and \
            refusals. Addresses, info-hashes, invites, names of files, folders and users are replaced: the same thing \
            by the same name, address-1 for example, in one bundle. Look into it before you send it. Docs/Bundle.md \
            says what is left.
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The archive: .tar.gz, .tgz or .tar; by default swarmctl-bundle.tar.gz here.", valueName: "file"))
    var output = "swarmctl-bundle.tar.gz"

    @Flag(help: "Replace nothing: for yourself, and nobody else.")
    var unredacted = false

    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard [".tar.gz", ".tgz", ".tar"].contains(where: { output.hasSuffix($0) }) else {
            throw ValidationError("The archive is to end in .tar.gz, .tgz or .tar.")
        }
    }

    func run() async throws {
        let out = common.output
        // Nothing is worth an archive where no node answers.
        _ = try await node.client.status()
        let maker = BundleMaker(client: node.client, redactor: unredacted ? nil : BundleRedactor())
        let members = try await maker.members()
        let path = output
        try await onThread { () throws(EngineError) in try BundleArchive.write(members, to: path) }
        out.emit(BundleEvent(output: path, isRedacted: !unredacted, members: members.map(\.name)))
        out.print("\(safe(path)): \(Units.count(members.count, "file"))")
        if unredacted {
            out.warn("nothing is replaced in it: whoever has it knows who shares what with whom")
        } else {
            out.note("look into it before you send it")
        }
    }
}

/// An archive for a bug report.
struct BundleEvent: OutputEvent {
    static let event = EventName.bundle
    let output: String
    let isRedacted: Bool
    let members: [String]
}

/// Members as one archive, made by the system's `tar`.
enum BundleArchive {
    /// Blocks.
    ///
    /// - Throws: `.fileExists` where something stands at the path, `.unsupported` without `tar`, and what the disk says.
    static func write(_ members: [BundleMaker.Member], to path: String) throws(EngineError) {
        guard access(path, F_OK) != 0 else {
            throw EngineError(
                .fileExists, "write the bundle", reason: "\(path) is there already",
                remedy: "name another with -o", path: path)
        }
        let folder = try DemoFolder.make(for: "bundle")
        defer { folder.remove() }
        let root = "swarmctl-bundle"
        for member in members {
            var parent = folder.path
            for component in [root] + member.name.split(separator: "/").dropLast().map(String.init) {
                parent += "/" + component
                guard mkdir(parent, 0o700) == 0 || errno == EEXIST else {
                    throw EngineError(fileErrno: errno, "make \(parent)")
                }
            }
            try folder.write("\(folder.path)/\(root)/\(member.name)", bytes: member.bytes)
        }
        let archive = "\(folder.path)/archive"
        // Of whoever made it the archive itself says nothing.
        try run(
            "tar",
            [
                "-C", folder.path, "--owner=0", "--group=0", "--numeric-owner", "--sort=name",
                path.hasSuffix(".tar") ? "-cf" : "-czf", archive, root,
            ])
        let bytes = try readSmallFile(archive, limit: 1 << 30, operation: "read the archive")
        try folder.write(path, bytes: bytes)
    }

    /// Waits for a program that needs no input.
    static func run(_ program: String, _ arguments: [String]) throws(EngineError) {
        let status = try ChildProcess(program, arguments).end()
        guard status == 0 else {
            throw EngineError(
                .unsupported, "make the archive", reason: "\(program) ended with status \(status)",
                remedy: "see that GNU tar and gzip are installed")
        }
    }
}
