// Everything that touches what libtorrent does not promise to keep. One file, pinned to the versions it was read in;
// with any other, usable() is false and each function does nothing.
#pragma once

#include <libtorrent/peer_connection_handle.hpp>

namespace clt::internals {

bool usable() noexcept;
// The connection's next close resets it: what its kernel buffer still holds is dropped, not delivered.
void discard_unsent(lt::peer_connection_handle const &peer) noexcept;
// Bytes that wait in the engine's send buffer; 0 where not usable.
int send_buffer_size(lt::peer_connection_handle const &peer) noexcept;

} // namespace clt::internals
