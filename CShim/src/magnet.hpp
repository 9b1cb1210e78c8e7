// A parsed magnet link.
#pragma once

#include "clibtorrent.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct clt_magnet {
    bool has_v1 = false, has_v2 = false;
    uint8_t info_hash_v1[20] = {};
    uint8_t info_hash_v2[32] = {};
    uint32_t dropped = 0; // CLT_DROPPED_…
    uint64_t size = 0;
    std::string name;
    std::vector<clt_endpoint> peers; // literal addresses, each once
};

namespace clt {
// The engine's own parser is not used: it takes digits that are not hexadecimal for a hash, the last of
// several contradicting hashes, and resolves what should not be resolved.
clt_magnet parse_magnet(std::string_view text);
} // namespace clt
