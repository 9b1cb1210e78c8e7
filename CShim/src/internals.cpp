#include "internals.hpp"
#include "own_sockets.hpp"
#include "unlocks.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/bt_peer_connection.hpp>
#include <libtorrent/torrent.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <libtorrent/torrent_peer.hpp>
#include <libtorrent/version.hpp>

#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace clt::internals {

bool usable() noexcept {
    // Read and tested in 2.0.8; a newer patch level runs without these.
    return LIBTORRENT_VERSION_NUM == 20008 && std::strcmp(lt::version(), LIBTORRENT_VERSION) == 0;
}

#if LIBTORRENT_VERSION_NUM == 20008

namespace {

// Where the connection is plain TCP and open; TLS ones have their own way down.
int descriptor_of(lt::peer_connection_handle const &peer) noexcept {
    if (!usable()) return -1;
    try {
        auto const connection = peer.native_handle();
        auto *socket = connection ? boost::get<lt::tcp::socket>(&connection->get_socket()) : nullptr;
        return socket == nullptr || !socket->is_open() ? -1 : socket->native_handle();
    } catch (...) {
        return -1;
    }
}

template <typename Option>
void set_socket_option(lt::peer_connection_handle const &peer, int level, int name,
                       Option const &value) noexcept {
    // The option is for speed or haste: the connection works without it.
    if (int const fd = descriptor_of(peer); fd >= 0) ::setsockopt(fd, level, name, &value, sizeof(value));
}

// A torrent keeps its classes in a list that only functions change which the library does not export. The one
// place where C++ looks over a private name is an explicit instantiation.
struct class_count {
    using type = std::int8_t lt::peer_class_set::*;
    friend type member(class_count);
};
struct class_list {
    using type = lt::aux::array<lt::peer_class_t, 15> lt::peer_class_set::*;
    friend type member(class_list);
};
template <typename Tag, typename Tag::type Member> struct open_to {
    friend typename Tag::type member(Tag) { return Member; }
};
template struct open_to<class_count, &lt::peer_class_set::m_size>;
template struct open_to<class_list, &lt::peer_class_set::m_class>;

} // namespace

void join_peer_class(lt::torrent_handle const &torrent, lt::peer_class_t peer_class) noexcept {
    auto const native = usable() ? torrent.native_handle() : nullptr;
    if (!native) return;
    lt::peer_class_set &set = *native;
    std::int8_t &count = set.*member(class_count{});
    auto &list = set.*member(class_list{});
    if (count >= 14) return; // never: a torrent has one of its own, and one of ours
    list[count] = peer_class;
    ++count;
}

void leave_peer_class(lt::torrent_handle const &torrent, lt::peer_class_t peer_class) noexcept {
    auto const native = usable() ? torrent.native_handle() : nullptr;
    if (!native) return;
    lt::peer_class_set &set = *native;
    std::int8_t &count = set.*member(class_count{});
    auto &list = set.*member(class_list{});
    for (int i = 0; i < count; ++i) {
        if (list[i] != peer_class) continue;
        list[i] = list[count - 1];
        --count;
        return;
    }
}

void discard_unsent(lt::peer_connection_handle const &peer) noexcept {
#ifdef CLT_TEST_UNLOCK_UNSENT
    static_cast<void>(peer);
#else
    if (int const fd = descriptor_of(peer); fd >= 0) reset_connection(fd);
#endif
}

void send_at_once(lt::peer_connection_handle const &peer) noexcept {
    set_socket_option(peer, IPPROTO_TCP, TCP_NODELAY, 1);
}

void keep_within_bounds(lt::peer_connection_handle const &peer) noexcept {
    int const fd = descriptor_of(peer);
    if (fd < 0) return;
    keep_from_children(fd);
    clt::let_receive_buffer_grow(fd, false);
}

void let_receive_buffer_grow(lt::peer_connection_handle const &peer, int most) noexcept {
    if (int const fd = descriptor_of(peer); fd >= 0)
        clt::let_receive_buffer_grow(fd, receive_buffer_bytes(fd) < most);
}

void drop_inherited_filter(lt::peer_connection_handle const &peer) noexcept {
    set_socket_option(peer, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

bool is_bound_to(lt::peer_connection_handle const &peer, std::string const &device) noexcept {
    int const fd = descriptor_of(peer);
    return fd >= 0 && bind_to_device(fd, device) == 0;
}

int send_buffer_size(lt::peer_connection_handle const &peer) noexcept {
    if (!usable()) return 0;
    auto const connection = peer.native_handle();
    return connection ? connection->send_buffer_size() : 0;
}

void forget_v2(lt::peer_connection_handle const &peer) noexcept {
    if (!usable()) return;
    auto const connection = peer.native_handle();
    if (connection && connection->peer_info_struct() != nullptr)
        connection->peer_info_struct()->protocol_v2 = false;
}

void blank_keys(lt::bdecode_node const &dictionary, std::initializer_list<std::string_view> keys) noexcept {
    if (!usable() || !dictionary || dictionary.type() != lt::bdecode_node::dict_t) return;
    // A dictionary may hold a key any number of times, and the engine takes the first that it finds. Looking
    // each up again and again would take the square of what a member may send: minutes. dict_at() goes on
    // where it was.
    int const count = dictionary.dict_size();
    for (int i = 0; i < count; ++i) {
        lt::string_view const found = dictionary.dict_at(i).first;
        for (std::string_view const key : keys)
            if (found == lt::string_view(key.data(), key.size()))
                // The key's text is in the connection's receive buffer, which is not const.
                *const_cast<char *>(found.data()) = '\0';
    }
}

#else

void forget_v2(lt::peer_connection_handle const &) noexcept {}
void blank_keys(lt::bdecode_node const &, std::initializer_list<std::string_view>) noexcept {}
void discard_unsent(lt::peer_connection_handle const &) noexcept {}
void send_at_once(lt::peer_connection_handle const &) noexcept {}
void keep_within_bounds(lt::peer_connection_handle const &) noexcept {}
void let_receive_buffer_grow(lt::peer_connection_handle const &, int) noexcept {}
void join_peer_class(lt::torrent_handle const &, lt::peer_class_t) noexcept {}
void leave_peer_class(lt::torrent_handle const &, lt::peer_class_t) noexcept {}
void drop_inherited_filter(lt::peer_connection_handle const &) noexcept {}
bool is_bound_to(lt::peer_connection_handle const &, std::string const &) noexcept {
    return false;
}
int send_buffer_size(lt::peer_connection_handle const &) noexcept {
    return 0;
}

#endif

} // namespace clt::internals
