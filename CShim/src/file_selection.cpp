#include "file_selection.hpp"
#include "error.hpp"

#include <libtorrent/file_storage.hpp>

#include <algorithm>

namespace clt {

namespace {

constexpr uint64_t most_files = 1u << 24; // more than any torrent may have
constexpr auto usual = static_cast<std::uint8_t>(lt::default_priority);

} // namespace

std::vector<uint8_t> file_selection::read(uint8_t const *priorities, uint64_t count) {
    require(priorities != nullptr || count == 0, "file_priorities is NULL with a count");
    require(count <= most_files, "file_priorities are more than any torrent has files");
    std::vector<uint8_t> out(priorities, priorities + count);
    require(std::all_of(out.begin(), out.end(), [](uint8_t p) { return p <= 7; }),
            "a file's priority is above 7");
    return out;
}

void file_selection::fit(lt::file_storage const &files) {
    pieces_.clear();
    if (files_.empty()) return;
    files_.resize(size_t(files.num_files()), usual);
    if (std::all_of(files_.begin(), files_.end(), [](uint8_t p) { return p == usual; })) return;
    // A piece is wanted as much as the file in it that is wanted most. The engine has pieces that are nothing
    // but padding from the start.
    pieces_.assign(size_t(files.num_pieces()), lt::dont_download);
    for (lt::file_index_t const i : files.file_range()) {
        if (files.pad_file_at(i) || files.file_size(i) == 0) continue;
        lt::download_priority_t const priority(files_[size_t(static_cast<int>(i))]);
        std::int64_t const begin = files.file_offset(i);
        std::int64_t const last = begin + files.file_size(i) - 1;
        for (auto piece = begin / files.piece_length(); piece <= last / files.piece_length(); ++piece)
            pieces_[size_t(piece)] = std::max(pieces_[size_t(piece)], priority);
    }
}

} // namespace clt
