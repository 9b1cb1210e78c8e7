#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EventFeed.Entry {
    /// The event as a server-sent one. JSON has no line break of its own, whatever the names in it have.
    func text(run: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(event) else { return "" }
        let id = number.map { "id: \(run)-\($0)\n" } ?? ""
        return "\(id)event: \(event.type.rawValue)\ndata: \(String(decoding: data, as: UTF8.self))\n\n"
    }
}
