// Resume data (libtorrent's format), read as what it is: a file that anybody may have written.
#pragma once

#include "clibtorrent.h"

#include <libtorrent/fwd.hpp>
#include <libtorrent/span.hpp>
#include <memory>
#include <vector>

struct clt_resume_data {
    clt_resume_summary summary{};
    std::vector<uint8_t> pieces;          // a bit each, first piece = highest bit
    std::vector<uint8_t> file_priorities; // of every file
};

namespace clt {

// Throws MISMATCH, MALFORMED or LIMIT. `limits` are effective ones.
std::unique_ptr<clt_resume_data> parse_resume_data(lt::span<char const> bytes, clt_metainfo const &metainfo,
                                                   clt_limits const &limits);

} // namespace clt
