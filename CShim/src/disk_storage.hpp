// What the disk layer keeps of a storage of the engine, and what must wait for what in it. Network thread
// only, but for `files`.
#pragma once

#include "content_move.hpp"
#include "sealed_files.hpp"

#include <libtorrent/disk_interface.hpp>
#include <libtorrent/peer_request.hpp>
#include <libtorrent/torrent_info.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace clt {

// Told of a file that is not what it was, or that cannot be read or written. On the network thread, and
// before the engine hears of it.
struct content_observer {
    virtual void content_failed(file_fault const &fault, std::string const &path) = 0;
    // The torrent's files stand in the other folder, and in this one too; or, with a fault, in this one
    // alone.
    virtual void content_moved(file_fault const &fault, std::string const &path) = 0;
    // A file has the name that it was to have; or, with a fault, the one that it had. `path`: of the fault,
    // in full.
    virtual void content_renamed(file_fault const &fault, std::string const &path) = 0;
    // They stand in the other folder alone, but for those that were left.
    virtual void sources_discarded(std::vector<left_file> left) = 0;
    // A piece that was taken for good is not; `paths`: of its files. The engine checks them all now.
    virtual void content_corrupt(int piece, std::vector<std::string> const &paths) = 0;
    // What look_for_room() was asked for is there.
    virtual void room_found() = 0;

protected:
    ~content_observer() = default;
};

class disk_storage;

// What is to become of the files when the engine lets go of the torrent.
struct file_removal {
    std::vector<bool> had;       // by piece: it was verified
    std::vector<left_file> left; // out: what was not the torrent's to remove, or could not be
};

// What a torrent tells the layer of its content, and how the layer finds it. Network thread only.
struct content_watch {
    std::vector<std::optional<file_identity>> given; // one for each file, or none
    content_observer *observer = nullptr;            // set to nullptr before it goes
    bool is_running = false;                         // looked at now and then
    uint64_t run = 0; // counts up when it is taken up again after a fault: what began before fails it no more
    std::weak_ptr<disk_storage> storage;          // once the engine has made it
    std::shared_ptr<file_removal> removal;        // set before the torrent is removed
    std::shared_ptr<lt::torrent_info const> info; // where it is known
    uint64_t floor = 0; // bytes that are to stay free where the files are; 0: a full disk says so itself
};

class disk_storage {
public:
    using body = std::function<void()>;

    lt::storage_index_t index{0}; // ours; the inner layer's changes when the files are moved
    lt::storage_holder inner;
    // What the inner layer's storage was made of.
    lt::file_storage const *layout = nullptr; // of the owner
    lt::file_storage const *names =
        nullptr; // the same with other names, where there are any; of the owner, or
    std::shared_ptr<lt::file_storage const> given_names; // ours, once a file was renamed
    std::weak_ptr<void> owner;
    lt::storage_mode_t mode{};
    lt::sha1_hash info_hash;
    std::shared_ptr<content_move> move; // under way, or done and its sources still there:
    bool is_moved = false;              // the latter
    std::shared_ptr<sealed_files> files;
    std::shared_ptr<content_watch> watch;
    bool is_removed = false;
    bool is_looked_at = false;
    size_t next_look = 0;
    uint64_t room = 0; // above the floor, when it was last looked for, less what was written since
    std::chrono::steady_clock::time_point room_looked_at{};

    uint64_t run() const { return watch ? watch->run : 0; }

    // ---- Jobs (reads and their like), and what must come after those that were begun before it ----

    // Whether a job may begin; else it must wait.
    bool is_open() const { return waiting_.empty() && !closed_; }
    // From `rest` of after_jobs() until open(), nothing else begins.
    void close() { closed_ = true; }
    // Whether something that waited has been run.
    bool open() {
        closed_ = false;
        return drain();
    }
    void wait(body job) { waiting_.push_back({true, std::move(job)}); }
    // Runs `rest` when no job is under way; jobs that come later wait for it.
    void after_jobs(body rest);
    void begin_job() { ++jobs_; }
    // Whether something that waited has been run.
    bool end_job();

    // ---- Blocks that the inner layer has taken and not written yet ----

    void begin_write(lt::peer_request const &request);
    // Hands back what waited for the write: reads, which are to be tried again, and answers. `is_lost`: it
    // failed.
    std::vector<body> end_write(lt::peer_request const &request, bool is_lost);
    bool is_unwritten(lt::peer_request const &request) const;
    bool is_writing() const { return !unwritten_.empty(); }
    void wait_for_write(body read) { after_write_.push_back(std::move(read)); }

    // ---- Pieces that are hashed out of what was just written ----

    // `answer(is_lost)` is called once hashed() was, and no block of the piece is unwritten any more.
    struct hashing {
        int piece;
        bool is_hashed = false;
        bool is_lost = false; // a block of it could not be written
        std::function<void(bool is_lost)> answer;
    };
    using hashing_pointer = std::shared_ptr<hashing>;
    hashing_pointer begin_hash(int piece);
    void hashed(hashing_pointer const &which, std::function<void(bool is_lost)> answer);

    // ---- Hashes that could not be had, until the torrent is taken up again ----

    // `again(is_over)` is called once: to try again, or to give up.
    void hold(std::function<void(bool is_over)> again) { held_.push_back(std::move(again)); }
    std::vector<std::function<void(bool is_over)>> take_held() { return std::exchange(held_, {}); }

private:
    using block = std::pair<int, int>; // piece, and which of it
    static block first_block(lt::peer_request const &request);
    bool is_unwritten(int piece) const;

    bool drain();

    struct entry {
        bool is_job;
        body run;
    };

    int jobs_ = 0;
    bool closed_ = false;
    std::deque<entry> waiting_; // the first, where there is one, is no job, unless closed_
    std::multiset<block> unwritten_;
    std::vector<body> after_write_;
    std::list<hashing_pointer> hashing_;
    std::vector<std::function<void(bool)>> held_;
};

} // namespace clt
