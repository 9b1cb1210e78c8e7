import NodeInterface
import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The index of a state directory, `index.json`: every torrent with its role, members and options (Docs/State.md).
struct StateIndex: Sendable {
    /// The version that is written.
    static let schemaVersion = 2
    /// Bytes that an index may have.
    static let maximumBytes = 256 << 20
    /// Torrents that an index may have.
    static let maximumTorrents = 1_000_000

    var entries: [InfoHash: TorrentEntry] = [:]
    /// Torrents whose files are still to be deleted.
    var removed: Set<InfoHash> = []

    /// The text, one torrent a line.
    func encoded() throws(EngineError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let removed = removed.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        var out = Array(
            """
            {"checksum":"\(StateChecksum.unset)","schemaVersion":\(Self.schemaVersion),"removed":[\(removed)],\
            "torrents":[
            """.utf8)
        var isFirst = true
        for entry in entries.values.sorted(by: { $0.infoHash < $1.infoHash }) {
            out += Array((isFirst ? "\n" : ",\n").utf8)
            isFirst = false
            do {
                out += Array(try encoder.encode(StoredEntry(entry)))
            } catch {
                throw EngineError(
                    .internalFailure, "write the index", reason: "an entry has no form in JSON: \(error)")
            }
        }
        return StateChecksum.seal(out + Array("\n]}\n".utf8))
    }

    init() {}

    /// Reads an index of this version or of an older one.
    ///
    /// - Throws: `.malformed` for what is damaged; `.unsupported` for a version that is newer than this.
    init(parsing text: [UInt8]) throws(EngineError) {
        let operation = "read the index"
        guard text.count <= Self.maximumBytes else {
            throw EngineError(
                .malformed, operation, reason: "it has more than \(Self.maximumBytes) bytes")
        }
        guard StateChecksum.fits(text) else {
            throw EngineError(.malformed, operation, reason: "its checksum does not fit")
        }
        let decoder = JSONDecoder()
        do {
            let version = try decoder.decode(VersionOnly.self, from: Data(text)).schemaVersion
            guard (1...Self.schemaVersion).contains(version) else {
                throw EngineError(
                    .unsupported, operation,
                    reason: "it is of version \(version), and this one knows up to \(Self.schemaVersion)",
                    remedy: "use the version of this package that wrote it, or a newer one")
            }
            let stored =
                version == 1
                ? try decoder.decode(StateIndexV1.self, from: Data(text)).migrated
                : try decoder.decode(Stored.self, from: Data(text))
            guard stored.torrents.count <= Self.maximumTorrents else {
                throw EngineError(.malformed, operation, reason: "it has \(stored.torrents.count) torrents")
            }
            removed = Set(stored.removed ?? [])
            for entry in try stored.torrents.map({ try $0.entry() }) {
                guard entries.updateValue(entry, forKey: entry.infoHash) == nil else {
                    throw EngineError(.malformed, operation, reason: "it has a torrent twice")
                }
            }
        } catch let error as EngineError {
            throw error
        } catch {
            throw EngineError(.malformed, operation, reason: Self.explanation(of: error))
        }
    }

    private struct VersionOnly: Decodable {
        let schemaVersion: Int
    }

    struct Stored: Decodable {
        let removed: [InfoHash]?
        var torrents: [StoredEntry]
    }

    private static func explanation(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        return switch error {
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }
}
