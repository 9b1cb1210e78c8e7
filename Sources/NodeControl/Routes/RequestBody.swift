/// A body of a request, whose fields are all known: a misspelt one would be a wish that nobody hears.
protocol RequestBody: Decodable, Sendable {
    /// Every field, and of one that holds an object, what that is.
    static var fields: [String: (any RequestBody.Type)?] { get }
}

extension AddRequest: RequestBody {
    static var fields: [String: (any RequestBody.Type)?] {
        [
            "invite": nil, "torrent": nil, "folder": nil, "role": nil, "members": nil, "paused": nil,
            "limits": TorrentLimits.self, "selection": SelectionRequest.self,
        ]
    }
}

extension SelectionRequest: RequestBody {
    static var fields: [String: (any RequestBody.Type)?] { ["select": nil, "deselect": nil] }
}

extension MoveRequest: RequestBody {
    static var fields: [String: (any RequestBody.Type)?] { ["folder": nil] }
}

extension RenameRequest: RequestBody {
    static var fields: [String: (any RequestBody.Type)?] { ["file": nil, "to": nil] }
}

extension TorrentLimits: RequestBody {
    static var fields: [String: (any RequestBody.Type)?] { ["upload": nil, "download": nil] }
}

extension MembersRequest: RequestBody {
    static var fields: [String: (any RequestBody.Type)?] { ["members": nil] }
}

/// A body, once it is known to have no other fields.
struct Strict<Body: RequestBody>: Decodable {
    let body: Body

    init(from decoder: any Decoder) throws {
        try Body.refuseUnknown(in: decoder)
        body = try Body(from: decoder)
    }
}

extension RequestBody {
    fileprivate static func refuseUnknown(in decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: FieldName.self)
        for name in object.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            guard let known = fields[name.stringValue] else {
                let place = (object.codingPath + [name]).map(\.stringValue).joined(separator: ".")
                throw Problem(
                    400, "malformed", "the body is not what this route takes: \(place) is not known",
                    remedy: "there are \(fields.keys.sorted().joined(separator: ", "))")
            }
            if let known, try !object.decodeNil(forKey: name) {
                try known.refuseUnknown(in: object.superDecoder(forKey: name))
            }
        }
    }
}

private struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension PingRequest: RequestBody {
    static var fields: [String: (any RequestBody.Type)?] { ["endpoint": nil, "seconds": nil] }
}
