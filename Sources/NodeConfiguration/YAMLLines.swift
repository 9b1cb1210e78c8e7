import Foundation
import Yams

/// In which lines of a YAML file its keys stand.
enum YAMLLines {
    /// By their paths, counted from 1; nothing for what is no YAML.
    static func find(in bytes: [UInt8]) -> [[String]: Int] {
        var out: [[String]: Int] = [:]
        if let root = try? Parser(yaml: Data(bytes)).singleRoot() { collect(root, [], into: &out) }
        return out
    }

    private static func collect(_ node: Node, _ path: [String], into out: inout [[String]: Int]) {
        guard case .mapping(let mapping) = node else { return }
        for (key, value) in mapping {
            guard let name = key.string else { continue }
            if let mark = key.mark { out[path + [name]] = mark.line }
            collect(value, path + [name], into: &out)
        }
    }
}
