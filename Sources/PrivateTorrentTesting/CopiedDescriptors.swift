#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// Copies of this process's descriptors of a file, as a program has them that is being started; closed with the last
/// reference.
package final class CopiedDescriptors: Sendable {
    private let numbers: [Int32]
    /// How many there are.
    package var count: Int { numbers.count }

    package init(of path: String) {
        numbers = (3..<Int32(getdtablesize())).filter { number in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")) == path
        }.map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
    }

    deinit { for number in numbers { close(number) } }
}
