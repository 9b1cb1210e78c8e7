// Descriptors that are kept open between reads: a bounded number, the least recently used closed first.
#pragma once

#include "beneath.hpp"

#include <list>
#include <memory>
#include <mutex>

namespace clt {

class sealed_files;

// Thread-safe.
class open_files {
public:
    explicit open_files(size_t most) : most_(most) {}

    // 0 or an errno. Whoever reads checks what it is: it may have changed since it was opened.
    int get(sealed_files const &of, int file, std::shared_ptr<descriptor const> *out);
    // Closes those of one torrent; what is being read from closes when that is done.
    void drop(uint64_t torrent);
    void resize(size_t most);

private:
    struct entry {
        uint64_t torrent;
        int file;
        std::shared_ptr<descriptor const> open;
    };

    std::mutex mutex_;
    size_t most_;
    std::list<entry> entries_; // the last used first; few, so that looking through them costs less than a map
};

} // namespace clt
