/// An index of version 1: what a torrent's retention became stood in the entry itself, and no size was known.
struct StateIndexV1: Decodable {
    private let index: StateIndex.Stored
    private let retentions: Retentions

    private struct Retentions: Decodable {
        struct Entry: Decodable {
            let isPinned: Bool?
            let expiry: Int64?
            let addedTime: Int64
        }

        let torrents: [Entry]
    }

    init(from decoder: any Decoder) throws {
        index = try StateIndex.Stored(from: decoder)
        retentions = try Retentions(from: decoder)
    }

    /// The same as version 2.
    var migrated: StateIndex.Stored {
        var out = index
        for (number, old) in retentions.torrents.enumerated() where out.torrents.indices.contains(number) {
            out.torrents[number].retention = StoredEntry.StoredRetention(
                isPinned: old.isPinned, expiry: old.expiry, idleLimitSeconds: nil, lastNeeded: old.addedTime)
        }
        return out
    }
}
