import Testing

@testable import TorrentEngine

struct FormerMembersTests {
    private let start = ContinuousClock.now

    private func members(_ rules: [String]) throws -> [Member] {
        try rules.map { Member(try AddressRule(parsing: $0), source: .inviteList, peerID: "id-\($0)") }
    }

    /// Red where the torrent is not looked at, where who comes back is still a former one, or where the time is not that
    /// of the withdrawal.
    @Test("Who was withdrawn last, of one torrent or of any, until it is one again")
    func last() throws {
        var former = FormerMembers()
        let (one, other) = (Torrent.ID(raw: 1), Torrent.ID(raw: 2))
        let address = try IPAddress(parsing: "10.0.0.2")
        func rule(_ torrent: Torrent.ID?) -> String? {
            former.last(at: address, of: torrent)?.member.rule.description
        }
        former.note(try members(["10.0.0.2:5", "10.0.0.3"]), try members(["10.0.0.3"]), of: one, at: start)
        former.note(try members(["10.0.0.0/24"]), [], of: other, at: start + .seconds(2))
        #expect(rule(one) == "10.0.0.2:5" && rule(other) == "10.0.0.0/24" && rule(nil) == "10.0.0.0/24")
        let found = former.last(at: address, of: one, now: start + .seconds(9))
        #expect(found?.sinceWithdrawn == .seconds(9) && found?.member.peerID == "id-10.0.0.2:5")
        #expect(former.last(at: try IPAddress(parsing: "10.0.0.3"), of: one) == nil)
        former.note([], try members(["10.0.0.0/24"]), of: other, at: start + .seconds(3))
        #expect(rule(nil) == "10.0.0.2:5" && rule(other) == nil)
    }

    /// Red where the first is forgotten too late, or the last at once.
    @Test("Bounded: the last 64")
    func bound() throws {
        var former = FormerMembers()
        for number in 0..<200 {
            former.note(try members(["10.0.0.\(number)"]), [], of: Torrent.ID(raw: 1), at: start)
        }
        func isKnown(_ number: Int) throws -> Bool {
            former.last(at: try IPAddress(parsing: "10.0.0.\(number)"), of: nil) != nil
        }
        #expect(try isKnown(199) && isKnown(136))
        #expect(try !isKnown(135))
    }
}
