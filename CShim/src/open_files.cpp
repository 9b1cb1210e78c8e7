#include "open_files.hpp"
#include "beneath.hpp"
#include "sealed_files.hpp"

#include <algorithm>
#include <cerrno>

namespace clt {

int open_files::get(sealed_files const &of, int file, std::shared_ptr<descriptor const> *out) {
    {
        std::lock_guard const lock(mutex_);
        auto const found = std::find_if(entries_.begin(), entries_.end(), [&](entry const &e) {
            return e.torrent == of.id() && e.file == file;
        });
        if (found != entries_.end()) {
            entries_.splice(entries_.begin(), entries_, found);
            *out = found->open;
            return 0;
        }
    }
    descriptor opened;
    int error = of.open(file, &opened);
    if (is_want_of_descriptors(error)) {
        // Ours are the first to go.
        std::list<entry> closing;
        {
            std::lock_guard const lock(mutex_);
            closing.swap(entries_);
        }
        closing.clear();
        error = of.open(file, &opened);
    }
    if (error != 0) return error;
    *out = std::make_shared<descriptor const>(std::move(opened));
    std::list<entry> closing; // outside the lock
    std::lock_guard const lock(mutex_);
    entries_.push_front({of.id(), file, *out});
    while (entries_.size() > most_)
        closing.splice(closing.begin(), entries_, std::prev(entries_.end()));
    return 0;
}

void open_files::drop(uint64_t torrent) {
    std::list<entry> closing;
    std::lock_guard const lock(mutex_);
    for (auto it = entries_.begin(); it != entries_.end();) {
        auto const next = std::next(it);
        if (it->torrent == torrent) closing.splice(closing.begin(), entries_, it);
        it = next;
    }
}

void open_files::resize(size_t most) {
    std::list<entry> closing;
    std::lock_guard const lock(mutex_);
    most_ = most;
    while (entries_.size() > most_)
        closing.splice(closing.begin(), entries_, std::prev(entries_.end()));
}

} // namespace clt
