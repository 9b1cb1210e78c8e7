// Conversions between the C API's addresses and asio's.
#pragma once

#include "clibtorrent.h"

#include <libtorrent/address.hpp>
#include <libtorrent/socket.hpp>

namespace clt {

// IPv4-mapped IPv6 addresses become IPv4: a dual-stack listener reports the same peer either way.
lt::address normalised(lt::address const &address);

clt_endpoint endpoint_out(lt::tcp::endpoint const &endpoint) noexcept;
// Throws INVALID_ARGUMENT on an unknown family.
lt::tcp::endpoint endpoint_in(clt_endpoint const &endpoint);

} // namespace clt
