// A parsed, sanitised torrent: what the C API hands out as clt_metainfo, and what the session adds.
#pragma once

#include "clibtorrent.h"
#include "file_names.hpp"

#include <cstdint>
#include <libtorrent/fwd.hpp>
#include <libtorrent/span.hpp>
#include <libtorrent/torrent_info.hpp>
#include <libtorrent/units.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct clt_metainfo {
    // Built from the info dictionary alone; files renamed to their cleaned paths. Treat it as immutable, and
    // copy it before it is handed to a session, which may rename in it.
    std::shared_ptr<lt::torrent_info> info;
    std::vector<char> torrent; // the sanitised .torrent: {info} and nothing else
    uint32_t features = 0;     // CLT_FEATURE_…
    uint32_t dropped = 0;      // CLT_DROPPED_…
    std::string name;          // cleaned: the one entry in the save path
    uint64_t size = 0;         // pad files not counted
    bool has_piece_hashes = false;

    struct file {
        std::string path;     // cleaned
        std::string original; // as the creator wrote it
        bool engine_differs;  // the engine by itself would use another path
    };
    std::vector<file> files;

    // Part of `torrent`.
    lt::span<char const> info_section() const;
};

namespace clt {

std::unique_ptr<clt_metainfo> parse_torrent(lt::span<char const> bytes, clt_limits const &limits);
// The same torrent, with other names for some of its files (file_names.hpp).
std::unique_ptr<clt_metainfo> renamed(clt_metainfo const &metainfo, file_names const &names);
// An info dictionary alone, as peers send it. `limits` may be all zero.
std::unique_ptr<clt_metainfo> parse_info(lt::span<char const> bytes, clt_limits const &limits);

// The files whose cleaned path is not the one that the engine uses by itself after
// `torrent_handle::set_metadata`, with the path as `torrent_handle::rename_file` takes it (relative to the
// save path). A metainfo's own `info` has these names already.
std::vector<std::pair<lt::file_index_t, std::string>> renames_after_cleaning(clt_metainfo const &metainfo);

} // namespace clt
