import CLinux
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Network namespaces (namespaces(7)): a network of one's own, with no way out, that goes when its last process does.
enum Namespaces {
    /// Puts this process into a network and a mount namespace of its own: as root, or in a user namespace where the
    /// system lets users make one. Only before there is a second thread.
    static func enterLab() throws(EngineError) {
        let wanted = Int32(LINUX_CLONE_NEWNET | LINUX_CLONE_NEWNS)
        if unshare(wanted) != 0 {
            let (user, group) = (geteuid(), getegid())
            guard unshare(wanted | Int32(LINUX_CLONE_NEWUSER)) == 0 else {
                throw EngineError(
                    .unsupported, "make a network namespace", reason: String(cString: strerror(errno)),
                    remedy: "run it as root, or allow unprivileged user namespaces", systemErrno: errno)
            }
            try write("deny", to: "/proc/self/setgroups")
            try write("0 \(user) 1", to: "/proc/self/uid_map")
            try write("0 \(group) 1", to: "/proc/self/gid_map")
        }
        // What is mounted here is not to be seen outside.
        guard mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0 else {
            throw failure("make the mounts private")
        }
    }

    /// Puts this process into another network namespace.
    static func enterNetwork() throws(EngineError) {
        guard unshare(Int32(LINUX_CLONE_NEWNET)) == 0 else { throw failure("make a network namespace") }
    }

    /// Lets `path` show the content of another file, for this mount namespace only.
    static func bind(_ file: String, over path: String) throws(EngineError) {
        guard mount(file, path, nil, UInt(MS_BIND), nil) == 0 else {
            throw failure("mount over \(path)")
        }
    }

    /// Runs `body` in the network of another process, and comes back: sockets stay where they were made. Only on a
    /// thread of one's own, since it is the thread that moves.
    static func inside<Value>(
        network process: pid_t, _ body: () throws(EngineError) -> Value
    ) throws(EngineError) -> Value {
        let own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let other = open("/proc/\(process)/ns/net", O_RDONLY | O_CLOEXEC)
        defer {
            close(own)
            close(other)
        }
        guard own >= 0, other >= 0, setns(other, Int32(LINUX_CLONE_NEWNET)) == 0 else {
            throw failure("enter a network namespace")
        }
        let result = Result { () throws(EngineError) in try body() }
        guard setns(own, Int32(LINUX_CLONE_NEWNET)) == 0 else {
            throw failure("leave a network namespace")
        }
        return try result.get()
    }

    private static func write(_ text: String, to path: String) throws(EngineError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw failure("write \(path)")
        }
    }

    private static func failure(_ operation: String) -> EngineError {
        EngineError(
            .unsupported, operation, reason: String(cString: strerror(errno)), remedy: "run it as root",
            systemErrno: errno)
    }
}
