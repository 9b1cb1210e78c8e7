import Foundation

/// What this process holds at a moment.
struct ProcessResources {
    let descriptors: Int
    let threads: Int
    /// Resident bytes.
    let memory: Int

    static var now: ProcessResources {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        func number(_ key: String) -> Int {
            status.split(separator: "\n").first { $0.hasPrefix(key) }
                .flatMap { line in Int(line.filter(\.isNumber)) } ?? 0
        }
        return ProcessResources(
            descriptors: descriptors, threads: number("Threads:"), memory: number("VmRSS:") << 10)
    }
}
