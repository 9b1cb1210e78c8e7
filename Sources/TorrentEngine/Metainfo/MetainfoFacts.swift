import CLibtorrent

extension Metainfo {
    /// A file of a torrent.
    public struct File: Sendable, Hashable {
        /// Where it is made below the save path: '/'-separated, cleaned, beginning with the torrent's name.
        public let path: String
        /// Its size in bytes.
        public let sizeBytes: UInt64
        /// Where it begins within the torrent's content, in bytes.
        public let offsetBytes: UInt64
        /// Whether it is filler between files (BEP 47): zeros, and never made.
        public let isPad: Bool
        /// Whether it is marked executable (BEP 47).
        public let isExecutable: Bool
        /// Whether it is marked hidden (BEP 47).
        public let isHidden: Bool
    }

    /// A file that is not made under the name which its creator wrote.
    public struct Renaming: Sendable, Hashable {
        /// The path that the creator wrote, '/'-joined; bytes that are not UTF-8 are shown as U+FFFD.
        ///
        /// Untrusted text.
        public let from: String
        /// The path that is used.
        ///
        public let to: String
    }

    /// A reason for which a private swarm does not carry a torrent.
    public struct Refusal: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// A stable word, as printed in JSON.
        public let rawValue: String

        /// Makes a reason of that name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The same word.
        public var description: String { rawValue }

        /// BEP 52, v2 or hybrid: the engine's v2 code has memory-safety bugs in the supported version.
        public static let v2 = Refusal(rawValue: "v2")
        /// A symbolic link (BEP 47) could point out of the download folder.
        public static let symlink = Refusal(rawValue: "symlink")
        /// `similar` or `collections` (BEP 38) would hard-link the files of other torrents.
        public static let similar = Refusal(rawValue: "similar")
        /// A certificate in the info dictionary: a keyed swarm, which plain sessions do not serve.
        public static let sslCertificate = Refusal(rawValue: "ssl")
        /// The top-level name begins with a dot, as `.ssh` does.
        public static let hiddenName = Refusal(rawValue: "hiddenName")

        /// One sentence for people.
        public var explanation: String {
            switch self {
            case .v2: "it is a v2 or hybrid torrent"
            case .symlink: "it contains symbolic links"
            case .similar: "it asks for the files of other torrents to be linked"
            case .sslCertificate: "it contains a certificate"
            case .hiddenName: "its name begins with a dot"
            default: rawValue
            }
        }
    }

    /// What a torrent or magnet link had that is not carried over, since it leads out of the private swarm.
    public struct Dropped: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// A stable word, as printed in JSON.
        public let rawValue: String

        /// Makes a value of that name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The same word.
        public var description: String { rawValue }

        /// Trackers (BEP 3, BEP 12).
        public static let trackers = Dropped(rawValue: "trackers")
        /// Web seeds (BEP 19), and the sources that a magnet link names.
        public static let webSeeds = Dropped(rawValue: "webSeeds")
        /// HTTP seeds (BEP 17).
        public static let httpSeeds = Dropped(rawValue: "httpSeeds")
        /// DHT nodes (BEP 5).
        public static let nodes = Dropped(rawValue: "nodes")
        /// `similar` and `collections` outside the info dictionary (BEP 38).
        public static let similar = Dropped(rawValue: "similar")
        /// Peers of a magnet link that are given by host name: names are never resolved.
        public static let hostNames = Dropped(rawValue: "hostNames")
    }
}

extension [Metainfo.Refusal] {
    init(features: UInt32) {
        let known: [(Int, Metainfo.Refusal)] = [
            (Int(CLT_FEATURE_V2), .v2), (Int(CLT_FEATURE_SYMLINK), .symlink),
            (Int(CLT_FEATURE_SIMILAR), .similar),
            (Int(CLT_FEATURE_SSL), .sslCertificate), (Int(CLT_FEATURE_HIDDEN_NAME), .hiddenName),
        ]
        self = known.filter { Int(features) & $0.0 != 0 }.map(\.1)
    }
}

extension [Metainfo.Dropped] {
    init(flags: UInt32) {
        let known: [(Int, Metainfo.Dropped)] = [
            (Int(CLT_DROPPED_TRACKERS), .trackers), (Int(CLT_DROPPED_WEB_SEEDS), .webSeeds),
            (Int(CLT_DROPPED_HTTP_SEEDS), .httpSeeds), (Int(CLT_DROPPED_NODES), .nodes),
            (Int(CLT_DROPPED_SIMILAR), .similar),
            (Int(CLT_DROPPED_HOST_NAMES), .hostNames),
        ]
        self = known.filter { Int(flags) & $0.0 != 0 }.map(\.1)
    }
}
