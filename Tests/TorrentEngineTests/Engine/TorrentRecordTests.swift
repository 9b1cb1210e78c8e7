import Testing

@testable import TorrentEngine

struct TorrentRecordTests {
    /// Red where a number is given twice, where former entries are kept for good, and where one that is a member goes.
    @Test("Members are known by numbers that are never given again, and former ones are bounded")
    func numbers() throws {
        var record = TorrentRecord(
            try InfoHash(parsing: String(repeating: "ab", count: 20)), state: .downloading)
        let first = Member(try AddressRule(parsing: "10.200.0.1"), source: .overlay)
        let number = record.rule(for: first)
        var given: Set<UInt64> = [number]
        for round in 0..<200 {
            let members = try (0..<100).map { at in
                Member(try AddressRule(parsing: "10.\(round).0.\(at)"), source: .overlay)
            }
            for member in members {
                #expect(given.insert(record.rule(for: member)).inserted)
                #expect(record.membersByRule[record.rule(for: member)] == member)
            }
            record.setMembers([first] + members)
            #expect(record.membersByRule.count <= 101 + 2 * TorrentRecord.formerCapacity + 100)
        }
        #expect(record.rule(for: first) == number && record.membersByRule[number] == first)
        #expect(record.members.count == 101)
    }
}
