import Testing

@testable import TorrentEngine

@Suite("AddressRuleList")
struct AddressRuleListTests {
    @Test("reads one rule a line, with comments, blank lines and any line end")
    func reads() throws {
        let text =
            "\u{feff}# members\r\n10.0.0.1 # alice\r\n\r\n\t10.1.0.0/16\t\n[2001:db8::1]:6881#bob\n   # none\n::1"
        let list = try AddressRuleList.parse(text)
        #expect(list.rules.map(\.description) == ["10.0.0.1", "10.1.0.0/16", "[2001:db8::1]:6881", "::1"])
        #expect(list.contains(try IPAddress(parsing: "10.1.2.3")))
        #expect(!list.contains(try IPAddress(parsing: "10.2.2.3")))
    }

    @Test("no rule is no rule", arguments: ["", "\n", "\r\n\r\n", "# all gone\n", " \t ", "\u{feff}"])
    func empty(text: String) throws {
        let list = try AddressRuleList.parse(text)
        #expect(list.rules.isEmpty)
        #expect(!list.contains(try IPAddress(parsing: "10.0.0.1")))
    }

    @Test(
        "names the line",
        arguments: [
            ("10.0.0.1/8", 1), ("10.0.0.1\n\n# x\nexample.org\n::1", 4), ("10.0.0.1\r\n0.0.0.0/0\r\n", 2),
            ("10.0.0.1 10.0.0.2", 1), ("10.0.0.1\n\u{feff}10.0.0.2", 2), ("10.0.0.1\r10.0.0.2", 1),
            ("10.0.0.1\u{2028}10.0.0.2", 1), ("10.0.0.1\n\u{a0}10.0.0.2", 2),
        ])
    func refuses(text: String, line: Int) throws {
        let error = try #require(throws: EngineError.self) { try AddressRuleList.parse(text) }
        #expect(error.operation.hasPrefix("read line \(line), the rule \""), "\(error.operation)")
        #expect(!error.reason.isEmpty)
    }

    @Test("allows any address only where told")
    func any() throws {
        #expect(try AddressRuleList.parse("0.0.0.0/0\n::/0", allowAny: true).rules.allSatisfy(\.isAny))
    }
}
