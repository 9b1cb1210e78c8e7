// What the disk layer keeps of a storage of the engine, and what must wait for what in it. Network thread
// only, but for `files`.
#pragma once

#include "sealed_files.hpp"

#include <libtorrent/disk_interface.hpp>
#include <libtorrent/peer_request.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace clt {

struct content_watch;

class disk_storage {
public:
    using body = std::function<void()>;

    lt::storage_index_t index{0};
    lt::storage_holder inner;
    std::shared_ptr<sealed_files> files;
    std::shared_ptr<content_watch> watch;
    bool is_removed = false;
    bool is_looked_at = false;
    size_t next_look = 0;

    // ---- Jobs (reads and their like), and what must come after those that were begun before it ----

    // Whether a job may begin; else it must wait.
    bool is_open() const { return waiting_.empty(); }
    void wait(body job) { waiting_.push_back({true, std::move(job)}); }
    // Runs `rest` when no job is under way; jobs that come later wait for it.
    void after_jobs(body rest);
    void begin_job() { ++jobs_; }
    // Whether something that waited has been run.
    bool end_job();

    // ---- Blocks that the inner layer has taken and not written yet ----

    void begin_write(lt::peer_request const &request);
    // Hands back the reads that waited for a write: each is to be tried again.
    std::vector<body> end_write(lt::peer_request const &request);
    bool is_unwritten(lt::peer_request const &request) const;
    bool is_writing() const { return !unwritten_.empty(); }
    void wait_for_write(body read) { after_write_.push_back(std::move(read)); }

private:
    using block = std::pair<int, int>; // piece, and which of it
    static block first_block(lt::peer_request const &request);

    struct entry {
        bool is_job;
        body run;
    };

    int jobs_ = 0;
    std::deque<entry> waiting_; // the first, where there is one, is no job
    std::multiset<block> unwritten_;
    std::vector<body> after_write_;
};

} // namespace clt
