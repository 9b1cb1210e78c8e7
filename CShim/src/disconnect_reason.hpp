// Why a connection ended, in a few kinds and in words.
#pragma once

#include "clibtorrent.h"

#include <libtorrent/error_code.hpp>
#include <string>
#include <utility>

namespace clt {
std::pair<clt_disconnect, std::string> disconnect_reason(lt::error_code const &error, bool after_handshake);
} // namespace clt
