/// A shell pattern for paths: `*`, `?`, `**`, `[…]`, `\`. Canonically equivalent text is the same. The time that a match
/// takes is the product of both lengths at most.
struct Glob: Sendable {
    private enum Token {
        case exactly(Character)
        case anyCharacter
        case oneOf([ClosedRange<Character>], isNegated: Bool)
        /// Any number of characters; of a `/` too, where it was written `**`.
        case any(crossesFolders: Bool)

        func matches(_ character: Character) -> Bool {
            switch self {
            case .exactly(let own): own == character
            case .anyCharacter: character != "/"
            case .oneOf(let ranges, let isNegated):
                character != "/" && ranges.contains { $0.contains(character) } != isNegated
            case .any(let crossesFolders): crossesFolders || character != "/"
            }
        }
    }

    private let tokens: [Token]

    init(_ pattern: String) {
        var tokens: [Token] = []
        var rest = Array(pattern)[...]
        while let character = rest.popFirst() {
            switch character {
            case "?": tokens.append(.anyCharacter)
            case "*":
                let isDouble = rest.first == "*"
                while rest.first == "*" { rest.removeFirst() }
                tokens.append(.any(crossesFolders: isDouble))
            case "\\": tokens.append(.exactly(rest.popFirst() ?? "\\"))
            case "[":
                if let set = Self.set(&rest) { tokens.append(set) } else { tokens.append(.exactly("[")) }
            default: tokens.append(.exactly(character))
            }
        }
        self.tokens = tokens
    }

    /// What follows a `[`, up to its `]`; nil, and nothing taken, where there is none.
    private static func set(_ rest: inout ArraySlice<Character>) -> Token? {
        var inside = rest
        let isNegated = inside.first == "!" || inside.first == "^"
        if isNegated { inside.removeFirst() }
        var ranges: [ClosedRange<Character>] = []
        // A `]` that comes first stands for itself.
        while let first = inside.popFirst() {
            if first == "]", !ranges.isEmpty {
                rest = inside
                return .oneOf(ranges, isNegated: isNegated)
            }
            let last = inside.dropFirst().first
            if inside.first == "-", let last, last != "]" {
                inside.removeFirst(2)
                if first <= last { ranges.append(first...last) } else { ranges.append(first...first) }
            } else {
                ranges.append(first...first)
            }
        }
        return nil
    }

    func matches(_ text: String) -> Bool {
        // Which numbers of tokens may have been used up by the text so far.
        var reached = Set([0])
        close(&reached)
        for character in text {
            var next: Set<Int> = []
            for position in reached where position < tokens.count && tokens[position].matches(character) {
                if case .any = tokens[position] { next.insert(position) } else { next.insert(position + 1) }
            }
            close(&next)
            if next.isEmpty { return false }
            reached = next
        }
        return reached.contains(tokens.count)
    }

    /// A `*` may stand for nothing.
    private func close(_ positions: inout Set<Int>) {
        for var position in positions {
            while position < tokens.count, case .any = tokens[position] {
                position += 1
                if !positions.insert(position).inserted { break }
            }
        }
    }
}
