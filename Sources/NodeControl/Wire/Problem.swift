import TorrentEngine

/// Why a request was not done: a problem document (RFC 9457), `application/problem+json`.
public struct Problem: Error, Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// `urn:privatetorrent:problem:` and ``code``.
    public let type: String
    /// The code in words; the same for every problem of that code.
    public let title: String
    /// The HTTP status.
    public let status: Int
    /// What happened this time, in one sentence. May quote names: text, never markup.
    public let detail: String
    /// A stable, lower-camel-case word: that of `EngineError.Code` or `BackendError.Code`, or one of the API's own:
    /// `notFound`, `methodNotAllowed`, `badRequest`, `tooLarge`, `headersTooLarge`, `tooMany`, `forbidden`, `unauthorized`,
    /// `notReady`.
    public let code: String
    /// What can be done about it, where something can.
    public let remedy: String?
    /// The file or folder concerned, where there is one.
    public let path: String?

    init(_ status: Int, _ code: String, _ detail: String, remedy: String? = nil, path: String? = nil) {
        type = "urn:privatetorrent:problem:\(code)"
        title = Self.words(code)
        self.status = status
        // Both may quote what came, and that may be 24 MiB.
        self.detail = detail.bounded
        self.code = code
        self.remedy = remedy
        self.path = path.flatMap { $0.utf8.count > 4096 ? nil : $0 }
    }

    /// "torrentNotFound" as "Torrent not found".
    private static func words(_ code: String) -> String {
        var out = ""
        for letter in code {
            if letter.isUppercase { out += " " }
            out += out.isEmpty ? letter.uppercased() : letter.lowercased()
        }
        return out
    }
}

extension Problem: CustomStringConvertible {
    /// The detail.
    public var description: String { detail }
}

/// An error of a torrent, as it stands in an answer or event.
public struct ErrorReport: Codable, Sendable, Hashable {
    /// The word of `EngineError.Code`.
    public let code: String
    /// What was being done, and to what.
    public let operation: String
    /// Why it failed.
    public let reason: String
    /// What can be done, where something can.
    public let remedy: String?
    /// The file or folder concerned, where there is one.
    public let path: String?

    init(_ error: EngineError) {
        code = error.code.description
        operation = error.operation
        reason = error.reason
        remedy = error.remedy
        path = error.path
    }
}
