// One thread of a clt_hash_job.
#pragma once

#include "hash_job.hpp"

#include <libtorrent/hasher.hpp>
#include <libtorrent/sha1_hash.hpp>

namespace clt {

// Holds one file open at a time: pieces come in order, and a folder of 100,000 files must not need as many
// descriptors.
class hash_worker {
public:
    explicit hash_worker(clt_hash_job &job);
    void run();

private:
    void hash_piece(uint64_t piece);
    // Whether the whole piece, `length` bytes from `at` on, is a hole of one file, and is thereby done.
    bool is_hole(uint64_t piece, uint64_t at, uint64_t length);
    bool hash_range(size_t index, uint64_t from, uint64_t length);
    bool hash_data(size_t index, uint64_t from, uint64_t length);
    bool hash_zeros(uint64_t length);
    // How much of the `length` bytes from `from` on, beginning with the first, lies in a hole of the open
    // file; 0 where that is data. Then `*data` is how much of it.
    uint64_t hole_at(uint64_t from, uint64_t length, uint64_t *data);
    bool open(size_t index);
    void close();

    clt_hash_job &job_;
    lt::hasher hasher_;
    std::vector<char> buffer_;
    descriptor file_;
    size_t open_index_ = SIZE_MAX;
    uint64_t open_size_ = 0;               // as it stood when it was opened
    uint64_t data_from_ = 0, data_to_ = 0; // a range of it that is all data, or unknown
    lt::sha1_hash hole_hash_;              // of a whole piece of zeros
    bool knows_hole_hash_ = false;
};

} // namespace clt
