/// The body of `POST /v1/torrents`: what to add, and how.
public struct AddRequest: Codable, Sendable, Hashable {
    /// What the torrent is there for.
    public enum Role: String, Codable, Sendable, Hashable {
        /// Its content is fetched, and sent once it is whole.
        case fetch
        /// Its content lies in the folder, and is hashed before it is sent.
        case seed
    }

    /// A magnet link or an info-hash. Exactly one of `invite` and `torrent` is given.
    public var invite: String?
    /// The bytes of a `.torrent`, in base64 (RFC 4648 §4).
    public var torrent: String?
    /// The folder that holds its file or folder, or will: an absolute path.
    public var folder: String
    /// `fetch` unless told.
    public var role: Role?
    /// Who may be in the swarm, one rule each, beside the peers that the invite names.
    public var members: [String]?
    /// Whether it is only kept, and not started; false unless told.
    public var paused: Bool?
    /// Its own limits; none unless told.
    public var limits: TorrentLimits?
    /// Which files to fetch; all unless told. With an invite, whose files are not known yet, only after it has begun.
    public var selection: SelectionRequest?

    /// Makes a request for an invite.
    public init(invite: String, folder: String, members: [String] = []) {
        self.invite = invite
        self.folder = folder
        self.members = members
    }

    /// Makes a request for the bytes of a `.torrent`, in base64.
    public init(torrent: String, folder: String, role: Role = .fetch, members: [String] = []) {
        self.torrent = torrent
        self.folder = folder
        self.role = role
        self.members = members
    }
}

/// Which files are wanted: the body of `PUT …/selection`. Patterns as `swarmctl fetch --select` has them.
public struct SelectionRequest: Codable, Sendable, Hashable {
    /// What is wanted, by glob or index; everything where it is empty or absent.
    public var select: [String]?
    /// What is left out of that.
    public var deselect: [String]?

    /// Makes a request.
    public init(select: [String] = [], deselect: [String] = []) {
        self.select = select
        self.deselect = deselect
    }
}

/// The body of `POST …/move`.
public struct MoveRequest: Codable, Sendable, Hashable {
    /// The new folder: an absolute path.
    public var folder: String

    /// Makes a request.
    public init(folder: String) { self.folder = folder }
}

/// The body of `POST …/rename`.
public struct RenameRequest: Codable, Sendable, Hashable {
    /// The file: its path now, as `GET …/files` has it.
    public var file: String
    /// Its new path below the same folder. It begins with the torrent's name, which stays, unless the torrent is one file
    /// alone.
    public var to: String

    /// Makes a request.
    public init(file: String, to: String) {
        self.file = file
        self.to = to
    }
}
