import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Who is at the other end of a Unix socket, as the kernel says.
enum PeerCredentials {
    /// `struct ucred`, which Glibc's module does not have.
    private struct Credentials: Sendable {
        var process: pid_t = 0
        var user: uid_t = 0
        var group: gid_t = 0
    }

    /// The user that the peer was when it connected; nil where the kernel does not say.
    static func user(of channel: any Channel) async -> uid_t? {
        guard let options = channel as? any SocketOptionProvider else { return nil }
        let credentials: EventLoopFuture<Credentials> = options.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return try? await credentials.get().user
    }

    /// The user itself, and root, who may do everything anyway.
    static func isOwnOrRoot(_ user: uid_t) -> Bool { user == geteuid() || user == 0 }
}
