#include "own_sockets.hpp"
#include "error.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/socket.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace clt {

namespace {

std::optional<lt::tcp::endpoint> endpoint_of(int fd, int (*name)(int, sockaddr *, socklen_t *)) {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    lt::tcp::endpoint out;
    if (name(fd, reinterpret_cast<sockaddr *>(&address), &length) != 0 || length > out.capacity() ||
        (address.ss_family != AF_INET && address.ss_family != AF_INET6))
        return std::nullopt;
    std::memcpy(out.data(), &address, length);
    out.resize(length);
    return out;
}

} // namespace

void each_own_socket(std::function<bool(int fd)> const &body) {
    // Kept open, since it is needed most where there is no descriptor to be had.
    thread_local std::unique_ptr<DIR, int (*)(DIR *)> folder(nullptr, &::closedir);
    if (folder)
        ::rewinddir(folder.get());
    else
        folder.reset(::opendir("/proc/self/fd"));
    if (!folder) throw failure(CLT_NETWORK, "/proc/self/fd cannot be read", errno);
    while (dirent const *entry = ::readdir(folder.get())) {
        int const fd = std::atoi(entry->d_name);
        int type = 0;
        socklen_t length = sizeof(type);
        if (fd <= 0 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) continue;
        if (!body(fd)) return;
    }
}

namespace {

// -1 where there is none.
int find_listener(lt::tcp::endpoint const &endpoint) {
    int found = -1;
    each_own_socket([&](int fd) {
        int listens = 0;
        socklen_t length = sizeof(listens);
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0 || listens == 0) return true;
        if (local_of(fd) != endpoint) return true;
        found = fd;
        return false;
    });
    return found;
}

} // namespace

bool is_own_listener(lt::tcp::endpoint const &endpoint) {
    return find_listener(endpoint) >= 0;
}

int own_listener(lt::tcp::endpoint const &endpoint) {
    int const found = find_listener(endpoint);
    if (found < 0) throw failure(CLT_NETWORK, "no socket of this process listens there", ENOTSOCK);
    return found;
}

std::optional<lt::tcp::endpoint> peer_of(int fd) {
    return endpoint_of(fd, &::getpeername);
}

std::optional<lt::tcp::endpoint> local_of(int fd) {
    return endpoint_of(fd, &::getsockname);
}

void keep_from_children(int fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void keep_from_children(lt::tcp::endpoint const &local) {
    each_own_socket([&](int fd) {
        if (local_of(fd) == local) keep_from_children(fd);
        return true;
    });
}

void let_receive_buffer_grow(int fd, bool may_grow) {
    int const lock = may_grow ? 0 : SOCK_RCVBUF_LOCK;
    ::setsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &lock, sizeof(lock));
}

int receive_buffer_bytes(int fd) {
    int bytes = 0;
    socklen_t length = sizeof(bytes);
    return ::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &length) == 0 ? bytes : 0;
}

void end_connection(int fd) {
    linger const reset{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    ::shutdown(fd, SHUT_RDWR);
}

void reset_connection(int fd) {
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    // Where that is not to be had, at least at the last close.
    if (::connect(fd, &nobody, sizeof(nobody)) == 0) return;
    linger const reset{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

std::string device_of(int fd) {
    char name[IFNAMSIZ] = {};
    socklen_t length = sizeof(name);
    if (::getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length) != 0) return {};
    return std::string(name, ::strnlen(name, length));
}

int bind_to_device(int fd, std::string const &device) {
    if (device_of(fd) == device) return 0;
    if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), socklen_t(device.size() + 1)) != 0)
        return errno;
    return device_of(fd) == device ? 0 : ENODEV;
}

} // namespace clt
