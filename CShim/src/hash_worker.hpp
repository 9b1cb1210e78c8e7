// One thread of a clt_hash_job.
#pragma once

#include "hash_job.hpp"

#include <libtorrent/hasher.hpp>

namespace clt {

// Holds one file open at a time: pieces come in order, and a folder of 100,000 files must not need as many
// descriptors.
class hash_worker {
public:
    explicit hash_worker(clt_hash_job &job);
    void run();

private:
    void hash_piece(uint64_t piece);
    bool hash_range(size_t index, uint64_t from, uint64_t length);
    bool hash_zeros(uint64_t length);
    bool open(size_t index);
    void close();

    clt_hash_job &job_;
    lt::hasher hasher_;
    std::vector<char> buffer_;
    descriptor file_;
    size_t open_index_ = SIZE_MAX;
};

} // namespace clt
