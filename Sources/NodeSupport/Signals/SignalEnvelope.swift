import NodeInterface

/// A signal as it stands in JSON.
struct SignalEnvelope: Codable {
    let signal: Signal

    init(_ signal: Signal) { self.signal = signal }

    private enum CodingKeys: String, CodingKey {
        case signalID, fromPeerID, toPeerID, sentAt, type, body, ttl, preferredChannels
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        let type = try keys.decode(SignalType.self, forKey: .type)
        let body: SignalBody =
            switch type {
            case .requestBtFallback:
                .requestBtFallback(try keys.decode(RequestBtFallback.self, forKey: .body))
            case .requestBtFallbackAck:
                .requestBtFallbackAck(try keys.decode(RequestBtFallbackAck.self, forKey: .body))
            case .jobCancel:
                .jobCancel(try keys.decode(JobCancel.self, forKey: .body))
            default:
                throw BackendError(
                    .unsupported, "decode a signal", reason: "its type is not known here")
            }
        signal = Signal(
            signalID: try keys.decode(String.self, forKey: .signalID),
            fromPeerID: try keys.decode(String.self, forKey: .fromPeerID),
            toPeerID: try keys.decode(String.self, forKey: .toPeerID),
            sentAt: try keys.decode(UnixTime.self, forKey: .sentAt), body: body,
            ttl: try keys.decodeIfPresent(Int32.self, forKey: .ttl).map { .seconds($0) }
                ?? Signal.standardTTL,
            preferredChannels: try keys.decodeIfPresent([SignalChannelKind].self, forKey: .preferredChannels)
                ?? [])
    }

    func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(signal.signalID, forKey: .signalID)
        try keys.encode(signal.fromPeerID, forKey: .fromPeerID)
        try keys.encode(signal.toPeerID, forKey: .toPeerID)
        try keys.encode(signal.sentAt, forKey: .sentAt)
        try keys.encode(signal.type, forKey: .type)
        switch signal.body {
        case .requestBtFallback(let body): try keys.encode(body, forKey: .body)
        case .requestBtFallbackAck(let body): try keys.encode(body, forKey: .body)
        case .jobCancel(let body): try keys.encode(body, forKey: .body)
        }
        try keys.encode(signal.ttl.components.seconds, forKey: .ttl)
        try keys.encode(signal.preferredChannels, forKey: .preferredChannels)
    }

    /// What neither direction lets pass.
    func check(_ operation: String) throws(BackendError) {
        guard !signal.signalID.isEmpty, !signal.fromPeerID.isEmpty, !signal.toPeerID.isEmpty else {
            throw BackendError(
                .malformed, operation, reason: "signalID, fromPeerID and toPeerID must not be empty")
        }
        guard (1...Int64(SignalCodec.maximumTTLSeconds)).contains(signal.ttl.components.seconds) else {
            throw BackendError(
                .malformed, operation, reason: "ttl is not in 1 to \(SignalCodec.maximumTTLSeconds) seconds")
        }
        var texts = [signal.signalID, signal.fromPeerID, signal.toPeerID]
        texts += signal.preferredChannels.map(\.rawValue)
        var endpoints: [String] = []
        switch signal.body {
        case .requestBtFallback(let body):
            texts += [body.jobID, body.variantID, body.contentIDType, body.contentIDValue, body.reason ?? ""]
            endpoints = body.hints?.endpoints ?? []
        case .requestBtFallbackAck(let body):
            texts += [body.requestSignalID, body.jobID, body.variantID, body.reason.rawValue]
            texts.append(body.btFallbackID ?? "")
            endpoints = body.endpoints ?? []
        case .jobCancel(let body):
            texts += [body.jobID, body.requestSignalID]
        }
        guard (texts + endpoints).allSatisfy({ $0.utf8.count <= SignalCodec.maximumTextBytes }),
            endpoints.count <= SignalCodec.maximumEndpoints,
            signal.preferredChannels.count <= SignalCodec.maximumChannels
        else {
            throw BackendError(
                .limitExceeded, operation,
                reason: "a text is too long, or there are too many endpoints or channels")
        }
    }
}
