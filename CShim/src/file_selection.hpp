// Which files of a torrent are wanted, and how much. The engine is told priorities of pieces only: a file's
// priority of 0 would make it write `.<info-hash>.parts` beside the content, a name that gives the swarm's
// secret away. Network thread only.
#pragma once

#include <libtorrent/download_priority.hpp>
#include <libtorrent/fwd.hpp>
#include <libtorrent/units.hpp>

#include <cstdint>
#include <vector>

namespace clt {

class file_selection {
public:
    // One for each file, 0 (not wanted) … 7; none at all: each file's is the default. Throws
    // INVALID_ARGUMENT.
    static std::vector<uint8_t> read(uint8_t const *priorities, uint64_t count);

    void choose(std::vector<uint8_t> priorities) { files_ = std::move(priorities); }
    // Once the files are known, and after each choice. Those that nothing was said of have the default; what
    // was said of files that there are not is forgotten.
    void fit(lt::file_storage const &files);

    bool is_everything() const { return pieces_.empty(); }
    std::vector<uint8_t> const &files() const { return files_; }
    unsigned of_file(size_t file) const {
        return file < files_.size() ? files_[file] : static_cast<std::uint8_t>(lt::default_priority);
    }
    // Empty where every piece has the default.
    std::vector<lt::download_priority_t> const &pieces() const { return pieces_; }
    lt::download_priority_t of_piece(int piece) const {
        return pieces_.empty() ? lt::default_priority : pieces_[size_t(piece)];
    }

private:
    std::vector<uint8_t> files_;
    std::vector<lt::download_priority_t> pieces_;
};

} // namespace clt
