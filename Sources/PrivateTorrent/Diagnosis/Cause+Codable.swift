extension Cause {
    /// Into a container that holds more.
    func encode(into container: inout KeyedEncodingContainer<Explanation.Key>) throws {
        try container.encode(name, forKey: .cause)
        func put(_ evidence: some Encodable) throws { try container.encode(evidence, forKey: .evidence) }
        switch self {
        case .paused(let evidence): try put(evidence)
        case .diskFull(let evidence), .diskFault(let evidence): try put(evidence)
        case .interfaceDown(let evidence): try put(evidence)
        case .notListening(let evidence): try put(evidence)
        case .allRefused(let evidence): try put(evidence)
        case .notReached(let evidence), .handshakeRefused(let evidence), .membersGone(let evidence),
            .nobodyCame(let evidence), .chokedByAll(let evidence), .notAnswering(let evidence):
            try put(evidence)
        case .hashFailures(let evidence): try put(evidence)
        case .metadataMissing(let evidence): try put(evidence)
        case .nobodyHasPiece(let evidence): try put(evidence)
        case .rateLimit(let evidence): try put(evidence)
        case .nothingWrong(let evidence): try put(evidence)
        case .noMember, .other: break
        }
    }

    init(from container: KeyedDecodingContainer<Explanation.Key>) throws {
        func take<Value: Decodable>() throws -> Value { try container.decode(Value.self, forKey: .evidence) }
        let name = try container.decode(String.self, forKey: .cause)
        self =
            switch name {
            case "paused": .paused(try take())
            case "diskFull": .diskFull(try take())
            case "diskFault": .diskFault(try take())
            case "interfaceDown": .interfaceDown(try take())
            case "notListening": .notListening(try take())
            case "noMember": .noMember
            case "allRefused": .allRefused(try take())
            case "notReached": .notReached(try take())
            case "handshakeRefused": .handshakeRefused(try take())
            case "membersGone": .membersGone(try take())
            case "nobodyCame": .nobodyCame(try take())
            case "hashFailures": .hashFailures(try take())
            case "metadataMissing": .metadataMissing(try take())
            case "nobodyHasPiece": .nobodyHasPiece(try take())
            case "chokedByAll": .chokedByAll(try take())
            case "rateLimit": .rateLimit(try take())
            case "notAnswering": .notAnswering(try take())
            case "nothingWrong": .nothingWrong(try take())
            default: .other(name)
            }
    }
}
