import Testing

@testable import TorrentEngine

@Suite struct UnitsTests {
    @Test(
        arguments: [
            (0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
            ((1 << 20) - 1, "1.0 MiB"), (5 << 30, "5.0 GiB"), (UInt64.max, "16.0 EiB"),
        ] as [(UInt64, String)])
    func sizes(_ bytes: UInt64, _ text: String) { #expect(Units.size(bytes) == text) }

    @Test(
        arguments: [
            (.milliseconds(420), "0.4 s"), (.seconds(12), "12 s"), (.seconds(185), "3:05"),
            (.seconds(7385), "2:03:05"),
        ] as [(Duration, String)])
    func times(_ duration: Duration, _ text: String) { #expect(Units.time(duration) == text) }

    @Test func rangesOfPieces() {
        #expect(Units.ranges([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10")
        #expect(Units.ranges([]) == "")
    }

    /// Red where a unit begins a second early, or a time that is no number stops the program.
    @Test(
        arguments: [
            (-3, "0 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"), (7200, "2 h ago"),
            (172_800, "2 days ago"), (.nan, "0 s ago"), (.infinity, "11574074074 days ago"),
        ] as [(Double, String)])
    func ago(_ seconds: Double, _ text: String) { #expect(Units.ago(seconds) == text) }
}
