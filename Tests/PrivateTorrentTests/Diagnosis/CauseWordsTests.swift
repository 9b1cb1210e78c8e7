import Testing

@testable import PrivateTorrent
@testable import TorrentEngine

/// What is said of each cause, and what to do about it.
struct CauseWordsTests {
    struct Said {
        let cause: Cause
        let summary: String
        let action: String

        init(_ cause: Cause, _ summary: String, _ action: String) {
            (self.cause, self.summary, self.action) = (cause, summary, action)
        }
    }

    private static func peers(_ peers: [PeerReport], _ refusals: [Cause.Refusal] = []) -> Cause.Peers {
        Cause.Peers(peers: peers, refusals: refusals)
    }

    private static func refusal(_ reason: RefusalReason, isFormer: Bool = false) throws -> Cause.Refusal {
        var out = Cause.Refusal(
            endpoint: try PeerEndpoint(parsing: "10.9.9.9:5"), direction: .incoming, reason: reason, tries: 1,
            secondsAgo: 1, isBeforeTorrent: true)
        guard isFormer, let member = try DiagnosisFixture.members(["10.9.9.9"]).first else { return out }
        out.formerMember = FormerMemberReport(
            FormerMember(member: member, torrent: Torrent.ID(raw: 1), sinceWithdrawn: .seconds(300)))
        return out
    }

    private static func fault(_ path: String?, isFloor: Bool = false, remedy: String?) -> Cause.DiskFault {
        Cause.DiskFault(path: path, code: "c", reason: "why", remedy: remedy, isFreeSpaceFloor: isFloor)
    }

    private static func activity(_ kind: Cause.Activity.Kind, _ connected: Int = 2) -> Cause {
        .nothingWrong(
            Cause.Activity(
                kind: kind, connected: connected, downloadRate: 1536, uploadRate: 2048, missingPieces: 1))
    }

    static func all() throws -> [Said] {
        let two = "peer-10.0.0.2:6881 at 10.0.0.2:6881"
        let plain = try KnownEvidence.peer(.connected)
        func gone(_ reason: DisconnectReason, connected: Bool = false, reached: Bool = false) throws
            -> Cause.Peers
        {
            peers([try KnownEvidence.peer(.gone, reason, wasConnected: connected, wasReached: reached)])
        }
        let holder = Evidence.LonePiece.Holder(plain.endpoint, identity: "two", secondsAgo: 90)
        let compare =
            "compare address and port with what the member listens on, see that it runs and that no firewall is in "
            + "between"
        let ask =
            "ask the other side whether the torrent runs there, and whether our address is in its list of members"
        return [
            Said(
                .paused(Cause.Pause(by: .user)), "it was paused by hand, and stays so until it is resumed",
                "resume it"),
            Said(
                .paused(Cause.Pause(by: .program)),
                "the program that runs it has stopped it, or has not started it yet",
                "start it, or see why the program stopped it"),
            Said(
                .paused(Cause.Pause(by: .retention, retention: .expired)),
                "it was removed: its time was over",
                "add it again; pin it, or give it more time, for it to stay"),
            Said(
                .paused(Cause.Pause(by: .notTakenUp)),
                "it is kept, and does not run: nobody has taken it up since the start, or that failed",
                "resume it, and read why that fails"),
            Said(
                .diskFull(fault("/x", isFloor: true, remedy: "r")),
                "the disk has reached the floor of free space (/x): why",
                "free some space or lower the floor: it goes on by itself"),
            Said(.diskFull(fault("/x", remedy: "make room")), "the disk is full (/x)", "make room"),
            Said(
                .diskFault(fault(nil, remedy: nil)), "a storage error stopped it: why",
                "look at the disk, then start it again"),
            Said(
                .interfaceDown(Cause.InterfaceDown(interfaces: ["wg0"])),
                "the interface wg0 is away: nothing is sent",
                "bring wg0 up with its addresses: it goes on by itself"),
            Said(
                .notListening(Cause.NotListening(wanted: ["a:1"], failures: ["in use"])),
                "the engine does not listen on a:1: in use",
                "see who has the port, or choose another, and start the engine again"),
            Said(
                .notListening(Cause.NotListening(wanted: [], failures: [])),
                "the engine listens nowhere, and no member can be dialled",
                "listen somewhere, or give members with their ports"),
            Said(.noMember, "no member is known: nobody may be in its swarm", "add members"),
            Said(
                .allRefused(
                    Cause.Refused(refusals: [try refusal(.notAMember)], peers: [], isWhole: false)),
                "no member came, and we refused: 10.9.9.9 (its address is no member's)",
                "if one of them should be let in, add its address to the members"),
            Said(
                .allRefused(
                    Cause.Refused(
                        refusals: [try refusal(.notAMember, isFormer: true)], peers: [], isWhole: true)),
                "it is whole, and nobody is connected; we refused: 10.9.9.9 (it is no member any more: "
                    + "withdrawn 5 min ago)",
                "nothing, if it was withdrawn on purpose; else add its address to the members again"),
            Said(
                .allRefused(Cause.Refused(refusals: [try refusal(.notBound)], peers: [], isWhole: false)),
                "no member came, and we refused: 10.9.9.9 (it is not on the interface or address that the "
                    + "engine is bound to)",
                "use an address of the interface that the engine is bound to, or bind it to another"),
            Said(
                .allRefused(
                    Cause.Refused(
                        refusals: [try refusal(.tooMany), try refusal(.tooMany)], peers: [], isWhole: false)),
                "no member came, and we refused: 10.9.9.9 (its address has as many connections as one may have)",
                "raise the number of peers of one address (peersPerAddress)"),
            Said(
                .notReached(try gone(.connectionRefused)),
                "no member is reached: \(two) (nobody listens there, 3 s ago)", compare),
            Said(
                .notReached(try gone(.timedOut)),
                "no member is reached: \(two) (it does not answer, 3 s ago)", compare),
            Said(
                .notReached(
                    peers([try KnownEvidence.peer(.gone, .unreachable)], [try refusal(.notAMember)])),
                "no member is reached: \(two) (there is no way there, 3 s ago)",
                compare + "; we refused 10.9.9.9 meanwhile: if that is a member at another address, add it"),
            Said(
                .notReached(
                    peers([try KnownEvidence.peer(.gone, .other)], [try refusal(.notAMember, isFormer: true)])
                ),
                "no member is reached: \(two) (the connection ended: why, 3 s ago)", compare),
            Said(
                .handshakeRefused(try gone(.closedBeforeHandshake)),
                "members are reached, and do not answer with their handshake: \(two) (it closed before its "
                    + "handshake: it may not list our address, 3 s ago)", ask),
            Said(
                .handshakeRefused(try gone(.timedOut, reached: true)),
                "members are reached, and do not answer with their handshake: \(two) (it connected, and then said "
                    + "nothing, 3 s ago)", ask),
            Said(
                .membersGone(try gone(.timedOut, connected: true)),
                "the members that were connected left: \(two) (it fell silent, 3 s ago)",
                "wait for them to come back, or add members; those with a port are dialled again by themselves"
            ),
            Said(
                .nobodyCame(peers([])),
                "no member has dialled us, and none has a port that we could dial",
                "let a member dial us, or give a member's port so that we can dial"),
            Said(
                .hashFailures(Cause.HashFailures(peers: [plain], pieces: [7, 8, 9, 12])),
                "corrupt pieces came from \(two), banned for it, and nobody else has what is missing (pieces that "
                    + "failed: 7–9, 12)",
                "ask who shares it to verify it, and add another member that has it"),
            Said(
                .metadataMissing(Cause.Metadata(isHeld: true, peers: [])),
                "the metadata is here and waits to be accepted", "accept the metadata"),
            Said(
                .metadataMissing(Cause.Metadata(isHeld: false, peers: [plain])),
                "who is connected has not sent the metadata: \(two)",
                "ask a member that has it, or add the torrent by its .torrent file"),
            Said(
                .nobodyHasPiece(
                    Cause.LonePieces(pieces: [.init(7, lastHolder: holder)], count: 3, peers: [])),
                "nobody who is connected has piece 7 and 2 more: two at 10.0.0.2:6881 had it last, 1 min ago",
                "bring back who had it last, or add a member that has it"),
            Said(
                .nobodyHasPiece(Cause.LonePieces(pieces: [.init(7)], count: 1, peers: [])),
                "nobody who is connected has piece 7: nobody was seen with it so far",
                "add a member that has it whole"),
            Said(
                .chokedByAll(peers([plain])),
                "everybody who has what is missing has us wait (chokes us): \(two)",
                "wait, or ask the members about their limits of upload slots"),
            Said(
                .rateLimit(
                    Cause.RateLimited(
                        limit: Evidence.Limit(.engine, .upload, bytesPerSecond: 400_000), rate: 1)),
                "the upload limit of all torrents together bounds it: 390.6 KiB/s",
                "raise that limit, if it should be faster"),
            Said(
                .notAnswering(peers([plain])), "members let us ask, and send nothing: \(two)",
                "see whether the other side limits its rate, or has a slow disk; else wait"),
            Said(activity(.checking), "nothing is wrong: what is on disk is being looked at", "nothing"),
            Said(
                activity(.relocating), "nothing is wrong: its files are being moved to another folder",
                "nothing"),
            Said(activity(.connecting), "nothing is wrong so far: members are being asked", "nothing"),
            Said(activity(.moving), "nothing is wrong: bytes come, 1.5 KiB/s", "nothing"),
            Said(
                activity(.seeding), "nothing is wrong: it is whole, 2 members connected, 2.0 KiB/s up",
                "nothing"),
            Said(
                activity(.seeding, 0), "nothing is wrong: it is whole, and no member is connected", "nothing"),
            Said(activity(.whole), "nothing is wrong: all that is wanted of it is there", "nothing"),
        ]
    }

    /// Red where a cause has another's words or remedy, or a unit is none of IEC.
    @Test("Each cause in words, and its remedy")
    func words() throws {
        for said in try Self.all() {
            let answer = Explanation(said.cause)
            #expect(answer.summary == said.summary)
            #expect(answer.action == said.action, "\(said.summary)")
        }
    }
}
