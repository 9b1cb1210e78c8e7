package import TorrentEngine

// Reasons for people, as part of a sentence.

extension RefusalReason {
    /// Why we refused it.
    package var words: String {
        switch self {
        case .notAMember: "its address is no member's"
        case .notOfThisTorrent: "it is no member of this torrent"
        case .revoked: "it is no member any more"
        case .notDialled: "nobody is a member there"
        case .harmfulHandshake: "its handshake would harm the engine"
        case .notBound: "it is not on the interface or address that the engine is bound to"
        case .tooMany: "its address has as many connections as one may have"
        case .other: "another reason"
        }
    }
}

extension Cause.Refusal {
    /// Why, and that it is no stranger where it is none.
    package var words: String { formerMember?.words ?? reason.words }
}

extension DisconnectReason {
    /// How a connection, or the attempt at one, ended.
    package var words: String {
        switch self {
        case .connectionRefused: "nobody listens there"
        case .unreachable: "there is no way there"
        case .timedOut: "it does not answer"
        case .closedBeforeHandshake: "it closed before its handshake: it may not list our address"
        case .closed: "it closed the connection"
        case .byUs: "we closed the connection"
        case .protocolError: "it broke the protocol"
        case .other: "the connection ended"
        }
    }
}

extension PeerReport.Failure {
    /// How it ended.
    package var words: String {
        switch reason {
        case .timedOut where wasConnected: "it fell silent"
        case .timedOut where wasReached: "it connected, and then said nothing"
        case .byUs, .protocolError, .other: detail.isEmpty ? reason.words : "\(reason.words): \(detail)"
        default: reason.words
        }
    }
}
