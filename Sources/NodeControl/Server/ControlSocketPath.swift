#if canImport(Glibc)
    import Glibc
#endif

/// Where a node's control socket is, for the node and for whoever looks for it.
public enum ControlSocketPath {
    /// The socket's path where nobody names another: `$XDG_RUNTIME_DIR/privatetorrent/control.sock`, and where that
    /// variable is not an absolute path, `/run/privatetorrent/control.sock`.
    public static func standard(environment: [String: String]? = nil) -> String {
        let named =
            if let environment { environment["XDG_RUNTIME_DIR"] } else {
                getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
            }
        let folder = named.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/run"
        return (folder.last == "/" ? String(folder.dropLast()) : folder) + "/privatetorrent/control.sock"
    }

    /// Where a client that was told nothing looks: the standard path, or where there is no socket, that of a system's node.
    public static func found() -> String {
        let own = standard()
        let system = standard(environment: [:])
        return access(own, F_OK) != 0 && access(system, F_OK) == 0 ? system : own
    }

    /// Bytes that a path may have: what `sockaddr_un` holds, without its last.
    package static let maximumBytes = 107
}
