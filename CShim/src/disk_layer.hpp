// The disk layer of a session: libtorrent's own, in which every read for a peer goes through `sealed_files`
// instead. Writing, hashing what was just written, and housekeeping stay the inner layer's.
#pragma once

#include "disk_storage.hpp"
#include "open_files.hpp"
#include "read_pool.hpp"

#include <libtorrent/disk_interface.hpp>
#include <libtorrent/io_context.hpp>
#include <libtorrent/operations.hpp>

#include <boost/shared_array.hpp>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace clt {

// The error that the engine is handed for what the observer was told: it acts on none of its own, since it
// would stop the torrent whenever the error arrives, or take an upload-only mode that nobody knows of.
lt::storage_error told(lt::operation_t operation, int file);
bool is_told(lt::error_code const &error);
lt::storage_error storage_error(file_fault const &fault, lt::operation_t operation);
// Of a job that had no memory (ENOMEM) or was called off.
lt::storage_error job_error(int error);

// Every function on the network thread.
class disk_layer final : public lt::disk_interface {
public:
    // Around libtorrent's own layer, or, in tests, around `inner`.
    disk_layer(lt::io_context &network, lt::settings_interface const &settings, lt::counters &counters,
               std::unique_ptr<lt::disk_interface> inner = nullptr);
    ~disk_layer() override;

    // ---- For the shim ----

    // Before a torrent is added: `watch` is that of the next storage for this info-hash.
    void expect(lt::sha1_hash const &info_hash, std::shared_ptr<content_watch> watch);
    // Every piece that is wanted is verified (and where it `is_whole`, every piece): from now on the files
    // are held to what they are.
    void seal(content_watch const &watch, bool is_whole);
    // The torrent is taken up again after a fault: pieces that could not be hashed are hashed now.
    void retry(content_watch &watch);
    // Before a torrent is removed: nothing waits for a retry any more.
    void give_up(content_watch const &watch);
    // A move that the engine was told of is given up as soon as may be; what was carried is taken away again.
    void cancel_move(content_watch const &watch);
    // After content_moved(): the sources go, or stay, and the torrent's files may be used again.
    void end_move(content_watch const &watch, bool discarding);
    // Off the network thread: tells the observer where `bytes` are free above the floor.
    void look_for_room(content_watch const &watch, uint64_t bytes);
    // A verified piece of that many bytes, in one go: the engine reads and hands over block by block. False,
    // and nothing is called, where the engine has no storage for it.
    using piece_handler = std::function<void(boost::shared_array<char>, lt::storage_error const &)>;
    bool read_piece(content_watch const &watch, int piece, int length, piece_handler handler);
    // Looks at every file, off the network thread; what is wrong is told to the observer.
    void look(content_watch const &watch);
    // The same for a few files of running torrents, in turns. To be called about once a second.
    void look_at_some();

    // ---- lt::disk_interface ----

    lt::storage_holder new_torrent(lt::storage_params const &params,
                                   std::shared_ptr<void> const &torrent) override;
    void remove_torrent(lt::storage_index_t index) override;
    void async_read(lt::storage_index_t index, lt::peer_request const &request,
                    std::function<void(lt::disk_buffer_holder, lt::storage_error const &)> handler,
                    lt::disk_job_flags_t flags) override;
    bool async_write(lt::storage_index_t index, lt::peer_request const &request, char const *buffer,
                     std::shared_ptr<lt::disk_observer> observer,
                     std::function<void(lt::storage_error const &)> handler,
                     lt::disk_job_flags_t flags) override;
    void async_hash(lt::storage_index_t index, lt::piece_index_t piece, lt::span<lt::sha256_hash> v2,
                    lt::disk_job_flags_t flags,
                    std::function<void(lt::piece_index_t, lt::sha1_hash const &, lt::storage_error const &)>
                        handler) override;
    void
    async_hash2(lt::storage_index_t index, lt::piece_index_t piece, int offset, lt::disk_job_flags_t flags,
                std::function<void(lt::piece_index_t, lt::sha256_hash const &, lt::storage_error const &)>
                    handler) override;
    void async_move_storage(
        lt::storage_index_t index, std::string path, lt::move_flags_t flags,
        std::function<void(lt::status_t, std::string const &, lt::storage_error const &)> handler) override;
    void async_release_files(lt::storage_index_t index, std::function<void()> handler) override;
    void async_check_files(lt::storage_index_t index, lt::add_torrent_params const *resume_data,
                           lt::aux::vector<std::string, lt::file_index_t> links,
                           std::function<void(lt::status_t, lt::storage_error const &)> handler) override;
    void async_stop_torrent(lt::storage_index_t index, std::function<void()> handler) override;
    void
    async_rename_file(lt::storage_index_t index, lt::file_index_t file, std::string name,
                      std::function<void(std::string const &, lt::file_index_t, lt::storage_error const &)>
                          handler) override;
    void async_delete_files(lt::storage_index_t index, lt::remove_flags_t options,
                            std::function<void(lt::storage_error const &)> handler) override;
    void
    async_set_file_priority(lt::storage_index_t index,
                            lt::aux::vector<lt::download_priority_t, lt::file_index_t> priorities,
                            std::function<void(lt::storage_error const &,
                                               lt::aux::vector<lt::download_priority_t, lt::file_index_t>)>
                                handler) override;
    void async_clear_piece(lt::storage_index_t index, lt::piece_index_t piece,
                           std::function<void(lt::piece_index_t)> handler) override;
    void update_stats_counters(lt::counters &counters) const override;
    std::vector<lt::open_file_state> get_status(lt::storage_index_t index) const override;
    void abort(bool wait) override;
    void submit_jobs() override;
    void settings_updated() override;

private:
    static bool const locked; // but in a test that takes the lock off
    using storage_pointer = std::shared_ptr<disk_storage>;

    using hash_handler =
        std::function<void(lt::piece_index_t, lt::sha1_hash const &, lt::storage_error const &)>;

    // As soon as nothing of it is unwritten. `make(length)`, on a thread of the pool, is the buffer.
    template <typename Buffer, typename Make>
    void begin_read(storage_pointer const &storage, lt::peer_request const &request, Make make,
                    std::function<void(Buffer, lt::storage_error const &)> handler);
    template <typename Buffer, typename Make>
    void start_read(storage_pointer const &storage, lt::peer_request const &request, Make make,
                    std::function<void(Buffer, lt::storage_error const &)> handler);
    file_fault room_for(disk_storage &storage, lt::peer_request const &request);
    void written(storage_pointer const &storage, lt::peer_request const &request, bool is_lost);
    void hash_own(storage_pointer const &storage, lt::piece_index_t piece, hash_handler handler);
    void hash_written(storage_pointer const &storage, lt::piece_index_t piece, lt::disk_job_flags_t flags,
                      hash_handler handler);
    void end_held(storage_pointer const &storage, bool is_over);

    using move_handler = std::function<void(lt::status_t, std::string const &, lt::storage_error const &)>;
    struct moving;
    void carried(std::shared_ptr<moving> const &job, file_fault const &fault);
    void switch_to(std::shared_ptr<moving> const &job);
    void move_back(std::shared_ptr<moving> const &job, file_fault const &fault);
    void open_again(storage_pointer const &storage);
    // Puts a new storage of the inner layer in the place of the old one, once it has looked at the files; 0
    // or an errno.
    void renew_inner(storage_pointer const &storage, std::string const &folder,
                     std::function<void(int)> done);
    struct renaming;
    void renamed(std::shared_ptr<renaming> const &job, file_fault const &fault);
    void end_rename(std::shared_ptr<renaming> const &job, file_fault const &fault);
    lt::storage_holder make_inner(disk_storage const &storage, std::string const &folder);
    void remove_files(storage_pointer const &storage, std::function<void()> handler);
    lt::storage_index_t inner_of(lt::storage_index_t index) const { return storages_.at(index)->inner; }
    void job_done(disk_storage &storage);
    using closing = void (lt::disk_interface::*)(lt::storage_index_t, std::function<void()>);
    void close_files(lt::storage_index_t index, std::function<void()> handler, closing inner);
    // Runs `work` in the pool, as a job of the storage.
    template <typename Work, typename Finish>
    void run(storage_pointer const &storage, Work work, Finish finish) {
        storage->begin_job();
        pool_.add(std::move(work),
                  [this, s = storage, finish = std::move(finish)](auto &&result, int error) mutable {
                      finish(std::move(result), error);
                      job_done(*s);
                  });
    }
    // Tells the observer, unless the torrent was taken up again since `run`.
    void failed(disk_storage const &storage, file_fault const &fault, uint64_t run);

    lt::io_context &network_;
    lt::settings_interface const &settings_;
    std::unique_ptr<lt::disk_interface> const inner_;
    std::map<lt::sha1_hash, std::weak_ptr<content_watch>> expected_;
    std::map<lt::storage_index_t, storage_pointer> storages_;
    lt::storage_index_t next_look_{0};
    lt::storage_index_t last_index_{0};
    uint64_t unwritten_ = 0; // bytes that the inner layer has taken and not written yet
    open_files open_;
    read_pool mover_; // one thread: moves wait for each other, and reads for none of them
    read_pool pool_;  // last: its threads end first
};

} // namespace clt
