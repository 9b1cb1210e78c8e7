#include "interfaces.hpp"
#include "error.hpp"
#include "own_sockets.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace clt {

namespace {

std::optional<lt::address> address_in(sockaddr const *from) {
    if (from == nullptr) return std::nullopt;
    if (from->sa_family == AF_INET) {
        lt::address_v4::bytes_type bytes;
        std::memcpy(bytes.data(), &reinterpret_cast<sockaddr_in const *>(from)->sin_addr, bytes.size());
        return lt::address_v4(bytes);
    }
    if (from->sa_family == AF_INET6) {
        lt::address_v6::bytes_type bytes;
        std::memcpy(bytes.data(), &reinterpret_cast<sockaddr_in6 const *>(from)->sin6_addr, bytes.size());
        lt::address_v6 const address(bytes);
        if (address.is_link_local()) return std::nullopt;
        return address;
    }
    return std::nullopt;
}

} // namespace

bool interface_state::still_has(interface_state const &before) const {
    return index == before.index && is_usable() &&
           std::all_of(before.addresses.begin(), before.addresses.end(), [&](lt::address const &address) {
               return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
           });
}

std::optional<lt::address> interface_state::address_of_family(bool is_v4) const {
    for (lt::address const &address : addresses)
        if (address.is_v4() == is_v4) return address;
    return std::nullopt;
}

interface_state look_at_interface(std::string const &name) {
    interface_state state;
    state.index = ::if_nametoindex(name.c_str());
    ifaddrs *list = nullptr;
    if (state.index == 0 || ::getifaddrs(&list) != 0) return state;
    std::unique_ptr<ifaddrs, void (*)(ifaddrs *)> const owned(list, &::freeifaddrs);
    for (ifaddrs const *entry = list; entry != nullptr; entry = entry->ifa_next) {
        if (name != entry->ifa_name) continue;
        if ((entry->ifa_flags & IFF_UP) != 0) state.is_up = true;
        if (auto const address = address_in(entry->ifa_addr)) state.addresses.push_back(*address);
    }
    return state;
}

std::vector<std::string> split_list(std::string const &list) {
    std::vector<std::string> out;
    for (size_t start = 0; start < list.size();) {
        size_t const end = std::min(list.find(',', start), list.size());
        if (end > start) out.push_back(list.substr(start, end - start));
        start = end + 1;
    }
    return out;
}

std::vector<std::string> interfaces_named_in(std::string const &list, bool has_ports) {
    std::vector<std::string> out;
    for (std::string name : split_list(list)) {
        if (has_ports) name = name.substr(0, name.rfind(':'));
        if (name.size() > 1 && name.front() == '[') name = name.substr(1, name.size() - 2);
        boost::system::error_code not_an_address;
        lt::make_address(name, not_an_address);
        if (not_an_address && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    }
    return out;
}

void require_binding_to(std::string const &name) {
    for (int const family : {AF_INET, AF_INET6}) {
        int const fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 && errno == EAFNOSUPPORT) continue;
        int const error = fd < 0 ? errno : bind_to_device(fd, name);
        if (fd >= 0) ::close(fd);
        if (error != 0)
            throw failure(CLT_NETWORK,
                          "this process cannot bind a socket to the interface " + name +
                              " (SO_BINDTODEVICE): " + std::strerror(error),
                          error);
    }
}

unsigned route_interface(lt::address const &source, lt::address const &target) {
    int const fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return 0;
    std::unique_ptr<int const, void (*)(int const *)> const closer(&fd, [](int const *f) { ::close(*f); });

    struct {
        nlmsghdr header;
        rtmsg route;
        char attributes[2 * RTA_SPACE(16)];
    } request{};
    request.header.nlmsg_type = RTM_GETROUTE;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
    request.route.rtm_family = target.is_v4() ? AF_INET : AF_INET6;
    auto add = [&](unsigned short type, lt::address const &address) {
        auto *attribute =
            reinterpret_cast<rtattr *>(reinterpret_cast<char *>(&request) + request.header.nlmsg_len);
        size_t const size = address.is_v4() ? 4 : 16;
        attribute->rta_type = type;
        attribute->rta_len = static_cast<unsigned short>(RTA_LENGTH(size));
        if (address.is_v4())
            std::memcpy(RTA_DATA(attribute), address.to_v4().to_bytes().data(), size);
        else
            std::memcpy(RTA_DATA(attribute), address.to_v6().to_bytes().data(), size);
        request.header.nlmsg_len += RTA_SPACE(size);
    };
    add(RTA_DST, target);
    add(RTA_SRC, source);
    request.route.rtm_dst_len = target.is_v4() ? 32 : 128;
    request.route.rtm_src_len = request.route.rtm_dst_len;
    if (::send(fd, &request, request.header.nlmsg_len, 0) < 0) return 0;

    alignas(nlmsghdr) char answer[4096];
    // The kernel answers a request like this before send() returns.
    ssize_t const length = ::recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
    auto const *header = reinterpret_cast<nlmsghdr const *>(answer);
    if (length < ssize_t(NLMSG_LENGTH(sizeof(rtmsg))) || header->nlmsg_type != RTM_NEWROUTE) return 0;
    auto const *route = static_cast<rtmsg const *>(NLMSG_DATA(header));
    if (route->rtm_type != RTN_UNICAST && route->rtm_type != RTN_LOCAL) return 0;
    int left = int(RTM_PAYLOAD(header));
    for (rtattr const *at = RTM_RTA(route); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        unsigned index = 0;
        if (at->rta_type != RTA_OIF || RTA_PAYLOAD(at) != sizeof(index)) continue;
        std::memcpy(&index, RTA_DATA(at), sizeof(index));
        return index;
    }
    return 0;
}

} // namespace clt
