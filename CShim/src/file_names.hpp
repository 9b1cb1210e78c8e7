// New names for files of a torrent, as its owner gives them: the rule for a stranger's names (names.hpp), but
// what it would clean is refused.
#pragma once

#include <libtorrent/file_storage.hpp>
#include <libtorrent/units.hpp>

#include <string>
#include <utility>
#include <vector>

namespace clt {

using file_names = std::vector<std::pair<lt::file_index_t, std::string>>;

// `files` under those names. The one entry in the save folder stays: each new path begins with the torrent's
// folder, or, in a torrent of one file, is a name alone. Throws a failure that names the path which cannot be
// taken, and says why.
lt::file_storage with_names(lt::file_storage const &files, file_names const &names);

} // namespace clt
