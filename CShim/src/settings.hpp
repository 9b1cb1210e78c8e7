// The settings of every session: what is closed here cannot be opened from outside.
#pragma once

#include "clibtorrent.h"

#include <libtorrent/fwd.hpp>
#include <libtorrent/settings_pack.hpp>
#include <string>

namespace clt {

std::string listen_interfaces_of(clt_engine_options const &options);
std::string outgoing_interfaces_of(clt_engine_options const &options);

lt::settings_pack closed_settings(clt_engine_options const &options);
// "name=value" lines of each setting that closes a channel, as the session has it now.
std::string describe_closed_settings(lt::settings_pack const &effective);

} // namespace clt
