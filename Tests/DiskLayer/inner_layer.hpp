// An inner disk layer that does nothing until the test says how each job ended.
#pragma once

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/disk_buffer_holder.hpp>
#include <libtorrent/disk_interface.hpp>
#include <libtorrent/disk_observer.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/peer_request.hpp>

#include <deque>

struct inner_layer final : lt::disk_interface {
    using hash_handler =
        std::function<void(lt::piece_index_t, lt::sha1_hash const &, lt::storage_error const &)>;

    std::deque<std::function<void(lt::storage_error const &)>> writes;
    std::deque<std::pair<lt::piece_index_t, hash_handler>> hashes;

    static lt::storage_error error(int code) {
        lt::storage_error out;
        out.ec = lt::error_code(code, boost::system::system_category());
        out.file(lt::file_index_t(0));
        out.operation = lt::operation_t::file_write;
        return out;
    }
    void end_write(lt::storage_error const &how = {}) {
        auto const handler = std::move(writes.front());
        writes.pop_front();
        handler(how);
    }
    void end_hash(lt::storage_error const &how = {}) {
        auto const job = std::move(hashes.front());
        hashes.pop_front();
        job.second(job.first, lt::sha1_hash("aaaaaaaaaaaaaaaaaaaa"), how);
    }

    lt::storage_holder new_torrent(lt::storage_params const &, std::shared_ptr<void> const &) override {
        return {lt::storage_index_t(0), *this};
    }
    void remove_torrent(lt::storage_index_t) override {}
    void async_read(lt::storage_index_t, lt::peer_request const &,
                    std::function<void(lt::disk_buffer_holder, lt::storage_error const &)>,
                    lt::disk_job_flags_t) override {}
    bool async_write(lt::storage_index_t, lt::peer_request const &, char const *,
                     std::shared_ptr<lt::disk_observer>,
                     std::function<void(lt::storage_error const &)> handler, lt::disk_job_flags_t) override {
        writes.push_back(std::move(handler));
        return false;
    }
    void async_hash(lt::storage_index_t, lt::piece_index_t piece, lt::span<lt::sha256_hash>,
                    lt::disk_job_flags_t, hash_handler handler) override {
        hashes.emplace_back(piece, std::move(handler));
    }
    void async_hash2(
        lt::storage_index_t, lt::piece_index_t, int, lt::disk_job_flags_t,
        std::function<void(lt::piece_index_t, lt::sha256_hash const &, lt::storage_error const &)>) override {
    }
    void async_move_storage(
        lt::storage_index_t, std::string, lt::move_flags_t,
        std::function<void(lt::status_t, std::string const &, lt::storage_error const &)>) override {}
    void async_release_files(lt::storage_index_t, std::function<void()>) override {}
    void async_check_files(lt::storage_index_t, lt::add_torrent_params const *,
                           lt::aux::vector<std::string, lt::file_index_t>,
                           std::function<void(lt::status_t, lt::storage_error const &)>) override {}
    void async_stop_torrent(lt::storage_index_t, std::function<void()>) override {}
    void async_rename_file(
        lt::storage_index_t, lt::file_index_t, std::string,
        std::function<void(std::string const &, lt::file_index_t, lt::storage_error const &)>) override {}
    void async_delete_files(lt::storage_index_t, lt::remove_flags_t,
                            std::function<void(lt::storage_error const &)>) override {}
    void async_set_file_priority(
        lt::storage_index_t, lt::aux::vector<lt::download_priority_t, lt::file_index_t>,
        std::function<void(lt::storage_error const &,
                           lt::aux::vector<lt::download_priority_t, lt::file_index_t>)>) override {}
    void async_clear_piece(lt::storage_index_t, lt::piece_index_t,
                           std::function<void(lt::piece_index_t)>) override {}
    void update_stats_counters(lt::counters &) const override {}
    std::vector<lt::open_file_state> get_status(lt::storage_index_t) const override { return {}; }
    void abort(bool) override {}
    void submit_jobs() override {}
    void settings_updated() override {}
};
