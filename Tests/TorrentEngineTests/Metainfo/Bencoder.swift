/// Writes bencoded values (BEP 3), hostile ones too: keys stay in the order given.
enum Bencoded {
    case integer(Int)
    case string([UInt8])
    case list([Bencoded])
    case dictionary([(String, Bencoded)])

    static func text(_ text: String) -> Bencoded { .string(Array(text.utf8)) }

    var bytes: [UInt8] {
        switch self {
        case .integer(let value): Array("i\(value)e".utf8)
        case .string(let value): Array("\(value.count):".utf8) + value
        case .list(let values): [UInt8(ascii: "l")] + values.flatMap(\.bytes) + [UInt8(ascii: "e")]
        case .dictionary(let pairs):
            [UInt8(ascii: "d")] + pairs.flatMap { Bencoded.text($0.0).bytes + $0.1.bytes }
                + [UInt8(ascii: "e")]
        }
    }

    /// A `.torrent` with one file of 10 bytes for each path.
    static func torrent(
        name: [UInt8], paths: [[[UInt8]]], info: [(String, Bencoded)] = [], outside: [(String, Bencoded)] = []
    ) -> [UInt8] {
        let files = paths.map {
            Bencoded.dictionary([("length", .integer(10)), ("path", .list($0.map { .string($0) }))])
        }
        let pieces = (paths.count * 10 + 16383) / 16384
        let required: [(String, Bencoded)] = [
            ("files", .list(files)), ("name", .string(name)), ("piece length", .integer(16384)),
            ("pieces", .string([UInt8](repeating: 7, count: pieces * 20))),
        ]
        let sorted = (required + info).sorted { $0.0 < $1.0 }
        return Bencoded.dictionary([("info", .dictionary(sorted))] + outside).bytes
    }

    static func torrent(_ name: String, _ paths: [[String]]) -> [UInt8] {
        torrent(name: Array(name.utf8), paths: paths.map { $0.map { Array($0.utf8) } })
    }
}
