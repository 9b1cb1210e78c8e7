// The disk layer around an inner one whose jobs end when the test says so: what comes late, or in another
// order than usual, which no test over a network can bring about at will.
#include "disk_layer.hpp"
#include "inner_layer.hpp"

#include <libtorrent/performance_counters.hpp>
#include <libtorrent/settings_pack.hpp>
#include <libtorrent/storage_defs.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <unistd.h>

namespace {

int failures = 0;

void check(bool holds, char const *what, int line) {
    if (holds) return;
    std::fprintf(stderr, "main.cpp:%d: %s\n", line, what);
    ++failures;
}
#define CHECK(condition) check((condition), #condition, __LINE__)

constexpr int block = lt::default_block_size;

// A torrent of two pieces of two blocks each, in one file.
struct world : clt::content_observer {
    lt::io_context network;
    lt::settings_pack settings = lt::default_settings();
    lt::counters counters;
    inner_layer *inner = new inner_layer;
    clt::disk_layer layer{network, settings, counters, std::unique_ptr<lt::disk_interface>(inner)};
    std::shared_ptr<clt::content_watch> watch = std::make_shared<clt::content_watch>();
    std::string folder;
    lt::file_storage files;
    lt::storage_holder storage;
    int rooms = 0;
    std::vector<int> faults;                              // errno of each that was told
    std::vector<std::optional<lt::storage_error>> writes; // the engine's answers
    std::vector<std::optional<lt::storage_error>> hashes;

    world() {
        char path[] = "/tmp/disk-layer-XXXXXX";
        folder = ::mkdtemp(path);
        files.set_piece_length(2 * block);
        files.add_file("content", 4 * block);
        files.set_num_pieces(2);
        watch->observer = this;
        watch->is_running = true;
        lt::aux::vector<lt::download_priority_t, lt::file_index_t> priorities;
        lt::sha1_hash const info_hash("bbbbbbbbbbbbbbbbbbbb");
        layer.expect(info_hash, watch);
        storage = layer.new_torrent({files, nullptr, folder, lt::storage_mode_sparse, priorities, info_hash},
                                    nullptr);
    }
    ~world() {
        storage.reset();
        layer.abort(true);
        std::filesystem::remove_all(folder);
    }
    void content_failed(clt::file_fault const &fault, std::string const &) override {
        faults.push_back(fault.error);
    }
    void content_moved(clt::file_fault const &, std::string const &) override {}
    void content_renamed(clt::file_fault const &, std::string const &) override {}
    void sources_discarded(std::vector<clt::left_file>) override {}
    void content_corrupt(int, std::vector<std::string> const &) override {}
    void room_found() override { ++rooms; }
    void run() {
        network.restart();
        network.run();
    }

    // What a thread of the layer's is at comes back too.
    void run_until_idle() {
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        std::shared_ptr<clt::disk_storage> const s = watch->storage.lock();
        while (s->is_looked_at && std::chrono::steady_clock::now() < deadline) {
            network.restart();
            network.run_for(std::chrono::milliseconds(10));
        }
    }

    size_t write(int piece, int start) {
        static char const bytes[block] = {};
        size_t const index = writes.size();
        writes.emplace_back();
        layer.async_write(storage, {lt::piece_index_t(piece), start, block}, bytes, nullptr,
                          [this, index](lt::storage_error const &error) { writes[index] = error; }, {});
        return index;
    }
    size_t hash(int piece) {
        size_t const index = hashes.size();
        hashes.emplace_back();
        layer.async_hash(storage, lt::piece_index_t(piece), {}, lt::disk_interface::v1_hash,
                         [this, index](lt::piece_index_t, lt::sha1_hash const &,
                                       lt::storage_error const &error) { hashes[index] = error; });
        return index;
    }
};

bool is_good(std::optional<lt::storage_error> const &answer) {
    return answer && !*answer;
}
bool is_told(std::optional<lt::storage_error> const &answer) {
    return answer && clt::is_told(answer->ec) && answer->ec == boost::system::errc::not_enough_memory;
}

void a_fault_is_told_once_and_the_engine_takes_no_consequence() {
    world w;
    size_t const write = w.write(0, 0);
    w.inner->end_write(inner_layer::error(ENOSPC));
    CHECK(w.faults == std::vector<int>{ENOSPC});
    CHECK(is_told(w.writes[write]));
}

void a_late_write_fails_no_more_than_its_block() {
    world w;
    w.write(0, 0);
    size_t const late = w.write(0, block);
    w.inner->end_write(inner_layer::error(ELOOP));
    w.layer.retry(*w.watch);
    w.inner->end_write(inner_layer::error(ELOOP));
    CHECK(w.faults == std::vector<int>{ELOOP});
    CHECK(is_told(w.writes[late]));
    w.write(1, 0);
    w.inner->end_write(inner_layer::error(EIO));
    CHECK((w.faults == std::vector<int>{ELOOP, EIO}));
}

void a_late_look_before_a_write_fails_nothing() {
    world w;
    CHECK(::symlink("/etc/passwd", (w.folder + "/content").c_str()) == 0);
    size_t const write = w.write(0, 0);
    w.layer.retry(*w.watch);
    w.run();
    CHECK(w.faults.empty());
    CHECK(is_told(w.writes[write]));
    w.write(0, 0);
    w.run();
    CHECK(w.faults == std::vector<int>{ELOOP});
}

void a_piece_counts_once_it_is_written() {
    world w;
    w.write(0, 0);
    w.write(0, block);
    size_t const hash = w.hash(0);
    w.inner->end_hash();
    CHECK(!w.hashes[hash]);
    w.inner->end_write();
    CHECK(!w.hashes[hash]);
    w.inner->end_write();
    CHECK(is_good(w.hashes[hash]));
}

void a_piece_that_lost_a_block_does_not_count() {
    world w;
    w.write(0, 0);
    w.write(0, block);
    w.write(1, 0);
    size_t const hash = w.hash(0);
    w.inner->end_hash();
    w.inner->end_write(inner_layer::error(ENOSPC));
    CHECK(!w.hashes[hash]);
    w.inner->end_write();
    CHECK(is_told(w.hashes[hash]));
    CHECK(w.faults == std::vector<int>{ENOSPC});
}

void a_hash_that_fails_is_held_until_it_can_be_had() {
    world w;
    size_t const hash = w.hash(1);
    w.inner->end_hash(inner_layer::error(EIO));
    CHECK(w.faults == std::vector<int>{EIO});
    CHECK(!w.hashes[hash]);
    w.layer.retry(*w.watch);
    CHECK(w.inner->hashes.size() == 1);
    w.inner->end_hash();
    CHECK(is_good(w.hashes[hash]));
}

void a_hash_that_fails_late_is_tried_again_at_once() {
    world w;
    size_t const hash = w.hash(1);
    w.layer.retry(*w.watch);
    w.inner->end_hash(inner_layer::error(EIO));
    CHECK(w.faults.empty());
    CHECK(!w.hashes[hash]);
    w.inner->end_hash();
    CHECK(is_good(w.hashes[hash]));
}

void nothing_is_held_beyond_a_torrents_end() {
    world w;
    size_t const held = w.hash(0);
    size_t const running = w.hash(1);
    w.inner->end_hash(inner_layer::error(EIO));
    w.watch->observer = nullptr;
    w.layer.give_up(*w.watch);
    CHECK(w.hashes[held] && w.hashes[held]->ec == boost::asio::error::operation_aborted);
    w.inner->end_hash(inner_layer::error(EIO));
    CHECK(w.hashes[running] && w.hashes[running]->ec == boost::asio::error::operation_aborted);
}

void a_floor_is_not_passed() {
    world w;
    w.watch->floor = UINT64_MAX / 2;
    size_t const write = w.write(0, 0);
    CHECK(w.inner->writes.empty());
    w.run();
    CHECK(w.faults == std::vector<int>{ENOSPC});
    CHECK(is_told(w.writes[write]));
    w.layer.look_for_room(*w.watch, 1);
    w.run_until_idle();
    CHECK(w.rooms == 0);
    w.watch->floor = 1;
    w.layer.look_for_room(*w.watch, 1);
    w.run_until_idle();
    CHECK(w.rooms == 1);
    w.write(0, 0);
    CHECK(w.inner->writes.size() == 1);
}

} // namespace

int main() {
    a_fault_is_told_once_and_the_engine_takes_no_consequence();
    a_late_write_fails_no_more_than_its_block();
    a_late_look_before_a_write_fails_nothing();
    a_piece_counts_once_it_is_written();
    a_piece_that_lost_a_block_does_not_count();
    a_hash_that_fails_is_held_until_it_can_be_had();
    a_hash_that_fails_late_is_tried_again_at_once();
    nothing_is_held_beyond_a_torrents_end();
    a_floor_is_not_passed();
    if (failures != 0) return 1;
    std::puts("disk layer: passed");
    return 0;
}
