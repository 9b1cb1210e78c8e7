// Hashes the pieces of a torrent (BEP 3) straight from files, on threads of its own.
#pragma once

#include "beneath.hpp"
#include "clibtorrent.h"
#include "file_identity.hpp"
#include "hash_pace.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace clt {

class hash_worker;

} // namespace clt

struct clt_hash_job {
    explicit clt_hash_job(clt_hash_options const &options);

    void run();
    void cancel();

    struct file {
        std::string path;
        uint64_t offset = 0, size = 0;
        bool is_pad = false;
        bool is_seen = false; // `identity` is known; from the caller, or since the file was first opened
        clt::file_identity identity; // guarded by `mutex`
        int error = 0;               // guarded by `mutex`
    };

    std::atomic<bool> cancelled{false};
    std::atomic<bool> failed{false}; // stop_at_failure has struck
    std::atomic<bool> started{false};
    std::atomic<uint64_t> progress{0};
    std::atomic<uint64_t> next_piece{0};
    bool finished = false;

    std::string root;
    std::vector<file> files;
    std::vector<uint8_t> wanted; // empty: every piece
    uint64_t piece_length = 0, total = 0, piece_count = 0, batch = 1;
    unsigned threads = 1;
    bool stop_at_failure = false;
    clt::hash_pace pace;

    std::vector<uint8_t> states;
    std::vector<std::array<uint8_t, 20>> hashes;
    clt::descriptor folder;
    std::mutex mutex;

    bool is_wanted(uint64_t piece) const;
    bool should_stop() const { return cancelled || failed; }
    void fail_file(size_t index, int error);
    // Whether `identity` is that of the file as the caller named it, or as it was first seen.
    bool is_same(size_t index, clt::file_identity const &identity);
    size_t first_file_at(uint64_t offset) const;

private:
    void check_files_again();
    void throw_first_failure();
};
