// A first look at an info dictionary, before the engine parses it.
#pragma once

#include "clibtorrent.h"

#include <cstdint>
#include <libtorrent/bdecode.hpp>
#include <string>
#include <vector>

namespace clt {

struct info_survey {
    uint32_t features = 0;              // but for HIDDEN_NAME, which the cleaned name decides
    bool has_v2 = false;                // `meta version` or `file tree` is there, whatever it says
    bool has_files = false;             // a `files` list: else `name` is the file itself (v1)
    std::string name;                   // as the creator wrote it
    std::vector<std::string> originals; // of each file in order, '/'-joined, with the torrent's name in front
};

// Refuses (throws) what would cost the engine too much time or memory: its path table is searched linearly,
// its check of symbolic links is worse, and paths can be multiplied by a long name or a deep v2 tree.
info_survey survey_info(lt::bdecode_node const &info, clt_limits const &limits);

} // namespace clt
