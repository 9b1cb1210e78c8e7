import Testing

@testable import TorrentEngine

struct ListenerStatesTests {
    /// Red where a failure stays once the socket stands, is kept twice, or hides another.
    @Test("What failed and stands now is no failure, and of each place the last counts")
    func states() throws {
        let (one, two) = (try PeerEndpoint(parsing: "10.0.0.1:1"), try PeerEndpoint(parsing: "10.0.0.1:2"))
        var states = ListenerStates()
        func reasons() -> [String] { states.failures.map(\.error.reason) }
        func fail(_ endpoint: PeerEndpoint?, _ reason: String) {
            states.failed(endpoint, EngineError(.addressInUse, "listen", reason: reason))
        }
        fail(one, "a")
        fail(two, "b")
        fail(one, "c")
        #expect(reasons() == ["b", "c"])
        states.stands(one)
        states.stands(one)
        #expect(states.standing == [one] && reasons() == ["b"])
        fail(one, "d")
        fail(nil, "e")
        fail(nil, "f")
        #expect(states.standing.isEmpty && reasons() == ["b", "d", "e", "f"])
        states.stands(two)
        states.closed()
        #expect(states.standing.isEmpty && states.failures.isEmpty)
    }
}
