public import NodeInterface
import TorrentEngine

/// Which file of a torrent is streamed: exactly one must fit.
public struct FileChoice: Sendable, Hashable {
    /// What is said of the file; nil: nothing.
    public var file: CandidateFile?
    /// The files that may be meant, by index; nil: any. BEP 53's `so` of a magnet link.
    public var indices: [ClosedRange<Int>]?

    /// Makes a choice; without arguments, the only file.
    public init(_ file: CandidateFile? = nil, indices: [ClosedRange<Int>]? = nil) {
        self.file = file
        self.indices = indices
    }

    /// What a magnet link's `so` selects (BEP 53), such as `0,2,4-6`: indices and ranges of them, at most 1,000.
    ///
    /// - Returns: Nil where the link has none.
    /// - Throws: `.malformed` for what is no such list.
    public static func indices(inMagnet link: String) throws(BackendError) -> [ClosedRange<Int>]? {
        let parameters = link.drop { $0 != "?" }.dropFirst().split(separator: "&")
        guard let value = parameters.first(where: { $0.prefix(3).lowercased() == "so=" })?.dropFirst(3) else {
            return nil
        }
        let parts = value.replacing("%2C", with: ",").replacing("%2c", with: ",")
            .split(separator: ",", omittingEmptySubsequences: false)
        let ranges = parts.prefix(1000).compactMap { part -> ClosedRange<Int>? in
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { index($0) }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last
            else { return nil }
            return first...last
        }
        guard ranges.count == parts.count else {
            throw BackendError(
                .malformed, "read the magnet link",
                reason: "its selection of files (so) is no list of indices")
        }
        return ranges
    }

    /// Decimal digits and nothing else.
    private static func index(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }

    /// The file in a torrent, and its place in `Metainfo.files`.
    ///
    /// - Throws: `.noSuchFile`, `.ambiguousFile`; both name files.
    func file(in metainfo: Metainfo, _ operation: String) throws(BackendError) -> (
        index: Int, file: Metainfo.File
    ) {
        let all = metainfo.files.enumerated().filter { !$0.element.isPad }
        let fitting = all.filter { fits($0.element, at: $0.offset, of: metainfo) }
        guard let found = fitting.first else {
            throw BackendError(
                .noSuchFile, operation,
                reason: "none of its files is the one that is wanted: \(Self.list(all.map(\.element)))")
        }
        guard fitting.count == 1 else {
            throw BackendError(
                .ambiguousFile, operation,
                reason: "\(fitting.count) of its files may be meant: \(Self.list(fitting.map(\.element)))",
                remedy: "name one by its path, size or index")
        }
        return (found.offset, found.element)
    }

    private func fits(_ candidate: Metainfo.File, at index: Int, of metainfo: Metainfo) -> Bool {
        if let indices, !indices.contains(where: { $0.contains(index) }) { return false }
        guard let file else { return true }
        if let wanted = file.index, wanted != index { return false }
        if let wanted = file.sizeBytes, wanted != candidate.sizeBytes { return false }
        guard let wanted = file.path else { return true }
        // By bytes: `==` takes canonically equivalent names for the same.
        return candidate.path.utf8.elementsEqual(wanted.utf8)
            || candidate.path.utf8.elementsEqual("\(metainfo.name)/\(wanted)".utf8)
    }

    private static func list(_ files: [Metainfo.File]) -> String {
        let names = files.prefix(10).map { "\(quoted($0.path)) (\($0.sizeBytes) bytes)" }
        let rest = files.count - names.count
        return names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
