#include "internals.hpp"

#include <libtorrent/bt_peer_connection.hpp>
#include <libtorrent/version.hpp>

#include <cstring>
#include <sys/socket.h>

namespace clt::internals {

bool usable() noexcept {
    // Read and tested in 2.0.8; a newer patch level runs without these.
    return LIBTORRENT_VERSION_NUM == 20008 && std::strcmp(lt::version(), LIBTORRENT_VERSION) == 0;
}

#if LIBTORRENT_VERSION_NUM == 20008

void discard_unsent(lt::peer_connection_handle const &peer) noexcept {
    if (!usable()) return;
    try {
        auto const connection = peer.native_handle();
        auto *socket = connection ? boost::get<lt::tcp::socket>(&connection->get_socket()) : nullptr;
        if (socket == nullptr || !socket->is_open()) return;
        linger const reset{1, 0};
        ::setsockopt(socket->native_handle(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    } catch (...) {
        // The connection is closed all the same.
    }
}

int send_buffer_size(lt::peer_connection_handle const &peer) noexcept {
    if (!usable()) return 0;
    auto const connection = peer.native_handle();
    return connection ? connection->send_buffer_size() : 0;
}

#else

void discard_unsent(lt::peer_connection_handle const &) noexcept {}
int send_buffer_size(lt::peer_connection_handle const &) noexcept { return 0; }

#endif

} // namespace clt::internals
