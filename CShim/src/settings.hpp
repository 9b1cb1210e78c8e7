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

// For an engine in which something is limited, from then on. What a limit allows is handed out once a tick,
// and handed over when a peer's whole request is met, or after 20 ticks: with the engine's own half a second
// that is up to ten seconds, in one lump.
lt::settings_pack pace_of_limits();

} // namespace clt
