// Everything that touches what libtorrent does not promise to keep. One file, pinned to the versions it was
// read in; with any other, usable() is false and each function does nothing.
#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/peer_class.hpp>
#include <libtorrent/peer_connection_handle.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace clt::internals {

bool usable() noexcept;
// Resets the connection: what its kernel buffer still holds is dropped, not delivered. Before it is
// disconnected.
void discard_unsent(lt::peer_connection_handle const &peer) noexcept;
// Turns Nagle's algorithm off, which the engine leaves on: a handshake's small messages would otherwise wait
// for the other side's delayed acknowledgement, 40 ms. Of a connected peer.
void send_at_once(lt::peer_connection_handle const &peer) noexcept;
// Of own_sockets: keep_from_children(), and a receive buffer that does not grow, until it may: up to `most`
// bytes.
void keep_within_bounds(lt::peer_connection_handle const &peer) noexcept;
void let_receive_buffer_grow(lt::peer_connection_handle const &peer, int most) noexcept;
// An accepted connection inherits the listener's filter, and would run it for every packet.
void drop_inherited_filter(lt::peer_connection_handle const &peer) noexcept;
// Whether its socket is bound to that interface (SO_BINDTODEVICE), or could be bound now.
bool is_bound_to(lt::peer_connection_handle const &peer, std::string const &device) noexcept;
// Bytes that wait in the engine's send buffer; 0 where not usable.
int send_buffer_size(lt::peer_connection_handle const &peer) noexcept;

// The limits of the class hold for all connections of the torrent, beside those of the torrent and the
// session, or hold no longer. The session must keep the class for as long as it has the torrent.
void join_peer_class(lt::torrent_handle const &torrent, lt::peer_class_t peer_class) noexcept;
void leave_peer_class(lt::torrent_handle const &torrent, lt::peer_class_t peer_class) noexcept;

// The engine's "speaks v2" mark stands on what it knows of the address, and outlives the connection.
void forget_v2(lt::peer_connection_handle const &peer) noexcept;

// Makes the engine not see these keys of a dictionary that it has just received, every time they stand there,
// in one pass. Call from on_extension_handshake, which runs before the engine looks at the dictionary itself.
void blank_keys(lt::bdecode_node const &dictionary, std::initializer_list<std::string_view> keys) noexcept;

} // namespace clt::internals
