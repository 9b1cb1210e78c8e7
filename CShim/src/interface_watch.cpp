#include "interface_watch.hpp"
#include "error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

namespace clt {

interface_watch::interface_watch(lt::io_context &io, std::vector<std::string> const &names,
                                 observer &observer)
    : observer_(observer), netlink_(io) {
    for (std::string const &name : names) {
        interface_state state = look_at_interface(name);
        if (state.index == 0)
            throw failure(CLT_NETWORK, "this machine has no network interface " + name, ENODEV);
        if (!state.is_usable())
            throw failure(CLT_NETWORK,
                          "the interface " + name + (state.is_up ? " has no address" : " is down"),
                          EADDRNOTAVAIL);
        require_binding_to(name);
        states_.emplace(name, std::move(state));
    }
    if (states_.empty()) return;
    int const fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) throw failure(CLT_NETWORK, std::string("netlink: ") + std::strerror(errno), errno);
    netlink_.assign(fd);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (::bind(fd, reinterpret_cast<sockaddr const *>(&address), sizeof(address)) != 0)
        throw failure(CLT_NETWORK, std::string("netlink: ") + std::strerror(errno), errno);
    wait();
}

void interface_watch::wait() {
    netlink_.async_wait(
        boost::asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code const &error) {
            if (error || !netlink_.is_open()) return;
            // What a message says does not matter, nor whether some were lost: look.
            char dropped[8192];
            while (::recv(netlink_.native_handle(), dropped, sizeof(dropped), 0) > 0 || errno == ENOBUFS)
                ;
            wait();
            look();
        });
}

void interface_watch::look() {
    for (auto &[name, before] : states_) {
        interface_state now = look_at_interface(name);
        bool const was_usable = before.is_usable();
        bool const lost = was_usable && !now.still_has(before);
        before = std::move(now);
        if (lost) observer_.interface_down(name);
        if (before.is_usable() && (lost || !was_usable)) observer_.interface_up(name);
    }
}

bool interface_watch::all_usable() const {
    return std::all_of(states_.begin(), states_.end(), [](auto const &s) { return s.second.is_usable(); });
}

void interface_watch::stop() {
    boost::system::error_code ignored;
    netlink_.close(ignored);
}

} // namespace clt
