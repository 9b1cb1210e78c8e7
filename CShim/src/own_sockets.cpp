#include "own_sockets.hpp"
#include "error.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace clt {

void each_own_socket(std::function<bool(int fd)> const &body) {
    std::unique_ptr<DIR, int (*)(DIR *)> const folder(::opendir("/proc/self/fd"), &::closedir);
    if (!folder) throw failure(CLT_NETWORK, "/proc/self/fd cannot be read", errno);
    while (dirent const *entry = ::readdir(folder.get())) {
        int const fd = std::atoi(entry->d_name);
        int type = 0;
        socklen_t length = sizeof(type);
        if (fd <= 0 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) continue;
        if (!body(fd)) return;
    }
}

int own_listener(lt::tcp::endpoint const &endpoint) {
    int found = -1;
    each_own_socket([&](int fd) {
        int listens = 0;
        socklen_t length = sizeof(listens);
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0 || listens == 0) return true;
        sockaddr_storage address{};
        length = sizeof(address);
        if (::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length) != 0) return true;
        lt::tcp::endpoint local;
        if (length > local.capacity()) return true;
        std::memcpy(local.data(), &address, length);
        local.resize(length);
        if (local.port() != endpoint.port() || local.address() != endpoint.address()) return true;
        found = fd;
        return false;
    });
    if (found < 0) throw failure(CLT_NETWORK, "no socket of this process listens there", ENOTSOCK);
    return found;
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
