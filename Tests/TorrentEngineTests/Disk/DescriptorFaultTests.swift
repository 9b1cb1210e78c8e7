import Foundation
import Testing

@testable import TorrentEngine

/// What a want of descriptors does to a torrent. The limit is the whole process's: by Tests/Disk/run, one test at a time.
@Suite(.enabled(if: SmallDisk.isPossible, "run by Tests/Disk/run"), .serialized, .timeLimit(.minutes(1)))
struct DescriptorFaultTests {
    /// Nothing can be opened while `body` runs.
    private func withoutDescriptors(_ body: () async throws -> Void) async throws {
        var usual = rlimit()
        try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual) == 0)
        let free = dup(0)
        try #require(free >= 0 && close(free) == 0)
        var none = usual
        none.rlim_cur = rlim_t(free)
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0)
        defer { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &usual) }
        try #require(dup(0) < 0)
        try await body()
    }

    @Test("A file that could not be looked at is not said to have changed")
    func look() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("seeded", allowing: ["127.0.0.2"])
        try await withoutDescriptors { try await Task.sleep(for: .seconds(2.5)) }
        // It may stand still for a moment, where it was not sealed yet; a file that is said to be gone ends it.
        while try await torrent.status().state != .seeding { try await Task.sleep(for: .milliseconds(50)) }
        try await fixture.engine.shutdown()
    }

    @Test("A torrent that found no descriptor at its start goes on by itself once there are some")
    func start() async throws {
        let fixture = try await EngineFixture()
        let metainfo = try await fixture.metainfo("late")
        let events = fixture.engine.events()
        let torrent = try await fixture.engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: fixture.folder.path, members: EngineFixture.members(["127.0.0.2"])))
        try await withoutDescriptors {
            try await torrent.start()
            let error = try await storageError(in: events, of: torrent)
            #expect(error.code == .inputOutput && error.systemErrno == EMFILE && error.isShortage, "\(error)")
            #expect(error.remedy?.contains("limit of open files") == true)
            #expect(try await torrent.status().state == .failed)
        }
        while try await torrent.status().state != .seeding { try await Task.sleep(for: .milliseconds(50)) }
        try await fixture.engine.shutdown()
    }
}
