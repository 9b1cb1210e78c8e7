/// A listening socket that could not be had.
struct ListenFailure: Sendable {
    /// Nil where the system was to choose the port.
    let endpoint: PeerEndpoint?
    let error: EngineError
}

/// Which listening sockets stand, and why others do not, as of now: what failed before and stands now is no failure.
struct ListenerStates {
    private(set) var standing: [PeerEndpoint] = []
    private(set) var failures: [ListenFailure] = []

    /// It stands; also again, where the engine had run out of descriptors.
    mutating func stands(_ endpoint: PeerEndpoint) {
        if !standing.contains(endpoint) { standing.append(endpoint) }
        failures.removeAll { $0.endpoint == endpoint }
    }

    /// The engine tries again and again: of each place the last failure counts.
    mutating func failed(_ endpoint: PeerEndpoint?, _ error: EngineError) {
        if let endpoint {
            standing.removeAll { $0 == endpoint }
            failures.removeAll { $0.endpoint == endpoint }
        }
        failures.append(ListenFailure(endpoint: endpoint, error: error))
    }

    /// The engine stands still, and opens all of them anew later.
    mutating func closed() { self = ListenerStates() }
}
