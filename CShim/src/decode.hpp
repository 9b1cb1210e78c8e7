// The one way from bytes to bencoded values (BEP 3): under limits.
#pragma once

#include "clibtorrent.h"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/span.hpp>

namespace clt {

// Limits with the defaults filled in.
clt_limits effective_limits(clt_limits const *limits);

// The dictionary that `bytes` begin with; borrows them. Throws MALFORMED or LIMIT. `limits` are effective
// ones.
lt::bdecode_node decode_dictionary(lt::span<char const> bytes, clt_limits const &limits);

} // namespace clt
