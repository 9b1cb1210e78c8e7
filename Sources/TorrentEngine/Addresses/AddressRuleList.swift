/// The rules of an invite list, in the order in which they were written.
public struct AddressRuleList: Sendable, Hashable {
    /// The rules.
    public var rules: [AddressRule]

    /// Makes a list.
    public init(_ rules: [AddressRule] = []) { self.rules = rules }

    /// Reads a file's text: one rule a line.
    ///
    /// `#` begins a comment; blank lines, and spaces and tabs around a rule,
    /// mean nothing. Lines end with LF or CRLF; a byte-order mark at the start is skipped.
    ///
    /// - Parameters:
    ///   - fileContents: The whole text.
    ///   - allowAny: Whether `0.0.0.0/0` and `::/0`, every address there is, will do.
    /// - Throws: The error of ``AddressRule/init(parsing:allowAny:)`` for the first rule that is refused, with the
    ///   line's number, counted from 1. A list is taken whole or not at all.
    public static func parse(_ fileContents: String, allowAny: Bool = false) throws(EngineError)
        -> AddressRuleList
    {
        var list = AddressRuleList()
        var scalars = fileContents.unicodeScalars[...]
        if scalars.first == "\u{feff}" { scalars.removeFirst() }
        for (index, line) in scalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let text = trimmed(line.prefix { $0 != "#" })
            guard !text.isEmpty else { continue }
            let rule = try Refusal.naming("read line \(index + 1), the rule \(quoted(text))") {
                () throws(Refusal) in
                try AddressRule(text: text, allowAny: allowAny)
            }
            list.rules.append(rule)
        }
        return list
    }

    /// Whether any rule means the address.
    public func contains(_ address: IPAddress) -> Bool { rules.contains { $0.contains(address) } }

    private static func trimmed(_ line: Substring.UnicodeScalarView) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" || scalar == "\r" }
        guard let first = line.firstIndex(where: { !isSpace($0) }),
            let last = line.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(line[first...last])
    }
}
