import TorrentEngine

/// A request that found its route.
struct RoutedRequest: Sendable {
    let request: ControlRequest
    /// What stands in the path for `{infoHash}`.
    let variable: String

    /// - Throws: ``Problem`` for what is no info-hash.
    var infoHash: InfoHash {
        get throws(Problem) {
            do throws(EngineError) { return try InfoHash(parsing: variable) } catch { throw Problem(error) }
        }
    }

    /// A switch of the query.
    ///
    /// - Throws: ``Problem`` for anything but `true` and `false`.
    func flag(_ name: String, unlessTold: Bool = false) throws(Problem) -> Bool {
        switch request.query[name] {
        case nil: return unlessTold
        case "false": return false
        case "true": return true
        default: throw Problem(400, "badRequest", "\(name) is true or false")
        }
    }
}
