#include "disk_layer.hpp"
#include "unlocks.hpp"

#include <libtorrent/disk_buffer_holder.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/mmap_disk_io.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/peer_request.hpp>
#include <libtorrent/settings_pack.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace clt {

namespace {

constexpr size_t looks_at_a_time = 512;

// To the engine it is a want of memory, which it reports and takes no consequence from.
struct told_category final : boost::system::error_category {
    char const *name() const noexcept override { return "disk layer"; }
    std::string message(int) const override { return "the disk layer has told of it"; }
    bool equivalent(int, boost::system::error_condition const &condition) const noexcept override {
        return condition == boost::system::errc::not_enough_memory;
    }
    using error_category::equivalent;
};

told_category const told_errors;

} // namespace

lt::storage_error storage_error(file_fault const &fault, lt::operation_t operation) {
    lt::storage_error out;
    out.ec = lt::error_code(fault.error, boost::system::generic_category());
    out.file(lt::file_index_t(fault.file));
    out.operation = operation;
    return out;
}

lt::storage_error job_error(int error) {
    if (error == ENOMEM)
        return lt::storage_error(
            {boost::system::errc::make_error_code(boost::system::errc::not_enough_memory)},
            lt::operation_t::exception);
    return lt::storage_error(boost::asio::error::operation_aborted);
}

lt::storage_error told(lt::operation_t operation, int file) {
    lt::storage_error out;
    out.ec = lt::error_code(1, told_errors);
    out.file(lt::file_index_t(file));
    out.operation = operation;
    return out;
}

bool is_told(lt::error_code const &error) {
    return error.category() == told_errors;
}

disk_layer::disk_layer(lt::io_context &network, lt::settings_interface const &settings,
                       lt::counters &counters, std::unique_ptr<lt::disk_interface> inner)
    : network_(network), settings_(settings),
      inner_(inner ? std::move(inner) : lt::mmap_disk_io_constructor(network, settings, counters)),
      open_(size_t(std::max(1, settings.get_int(lt::settings_pack::file_pool_size)))), mover_(network, 1),
      pool_(network, unsigned(std::max(1, settings.get_int(lt::settings_pack::aio_threads)))) {}

disk_layer::~disk_layer() = default;

#ifdef CLT_TEST_UNLOCK_SEALED_FILES
bool const disk_layer::locked = false;
#else
bool const disk_layer::locked = true;
#endif

// ---- For the shim ----

void disk_layer::expect(lt::sha1_hash const &info_hash, std::shared_ptr<content_watch> watch) {
    for (auto it = expected_.begin(); it != expected_.end();)
        it = it->second.expired() ? expected_.erase(it) : std::next(it);
    expected_[info_hash] = watch;
}

void disk_layer::seal(content_watch const &watch, bool is_whole) {
    storage_pointer const s = watch.storage.lock();
    if (!locked || !s || s->is_removed || s->files->is_sealed()) return;
    // The inner layer's answer comes when everything is written and its files are closed.
    async_release_files(s->index, [this, s, is_whole] {
        if (s->is_removed) return;
        run(
            s, [files = s->files, is_whole] { return files->seal(is_whole); },
            [this, s, run = s->run()](file_fault const &fault, int) {
                if (fault) failed(*s, fault, run);
            });
        pool_.submit();
    });
    inner_->submit_jobs();
}

void disk_layer::look(content_watch const &watch) {
    storage_pointer const s = watch.storage.lock();
    if (!locked || !s || s->is_removed || !s->is_open()) return;
    // A job: a move, which alters what is looked at, comes after it.
    run(
        s,
        [files = s->files] {
            size_t next = 0;
            return files->look(&next, SIZE_MAX);
        },
        [this, s, run = s->run()](file_fault const &fault, int) {
            if (fault && !s->is_removed) failed(*s, fault, run);
        });
    pool_.submit();
}

void disk_layer::look_at_some() {
    if (!locked || storages_.empty()) return;
    size_t budget = looks_at_a_time;
    auto it = storages_.lower_bound(next_look_);
    for (size_t turns = storages_.size(); turns > 0 && budget > 0; --turns, ++it) {
        if (it == storages_.end()) it = storages_.begin();
        storage_pointer const &s = it->second;
        if (s->is_looked_at || !s->watch || !s->watch->is_running || !s->is_open()) continue;
        size_t const most = std::min(budget, s->files->count());
        budget -= most;
        s->is_looked_at = true;
        run(
            s,
            [files = s->files, next = s->next_look, most]() mutable {
                file_fault fault = files->look(&next, most);
                return std::make_pair(std::move(fault), next);
            },
            [this, s = s, run = s->run()](std::pair<file_fault, size_t> const &found, int error) {
                s->is_looked_at = false;
                if (error == 0) s->next_look = found.first ? 0 : found.second;
                if (found.first && !s->is_removed && s->watch->is_running) failed(*s, found.first, run);
            });
    }
    next_look_ = it == storages_.end() ? lt::storage_index_t{0} : it->first;
    pool_.submit();
}

void disk_layer::failed(disk_storage const &storage, file_fault const &fault, uint64_t run) {
    // Copied: the observer may end the torrent.
    auto const watch = storage.watch;
    if (watch && watch->observer != nullptr && watch->run == run)
        watch->observer->content_failed(fault, storage.files->full_path(fault.file));
}

// ---- Jobs, and what must wait for them ----

void disk_layer::job_done(disk_storage &storage) {
    if (storage.end_job()) submit_jobs();
}

// ---- A storage's life ----

lt::storage_holder disk_layer::new_torrent(lt::storage_params const &params,
                                           std::shared_ptr<void> const &torrent) {
    auto s = std::make_shared<disk_storage>();
    if (auto const found = expected_.find(params.info_hash); found != expected_.end()) {
        s->watch = found->second.lock();
        expected_.erase(found);
    }
    lt::file_storage const &files = params.mapped_files != nullptr ? *params.mapped_files : params.files;
    s->files = std::make_shared<sealed_files>(
        files, params.path, s->watch ? s->watch->given : std::vector<std::optional<file_identity>>{});
    s->layout = &params.files;
    s->names = params.mapped_files;
    s->owner = torrent;
    s->mode = params.mode;
    s->info_hash = params.info_hash;
    s->inner = inner_->new_torrent(params, torrent);
    s->index = ++last_index_;
    if (s->watch) s->watch->storage = s;
    storages_[s->index] = s;
    return {s->index, *this};
}

void disk_layer::remove_torrent(lt::storage_index_t index) {
    auto const found = storages_.find(index);
    if (found == storages_.end()) return;
    storage_pointer const s = std::move(found->second);
    storages_.erase(found);
    s->is_removed = true;
    open_.drop(s->files->id());
    s->inner.reset(); // tells the inner layer
}

void disk_layer::async_check_files(lt::storage_index_t index, lt::add_torrent_params const *resume_data,
                                   lt::aux::vector<std::string, lt::file_index_t> links,
                                   std::function<void(lt::status_t, lt::storage_error const &)> handler) {
    if (!locked) {
        inner_->async_check_files(inner_of(index), resume_data, std::move(links), std::move(handler));
        return;
    }
    storage_pointer const s = storages_.at(index);
    s->after_jobs([this, s, resume_data, links, handler] {
        run(
            s, [files = s->files] { return files->survey(); },
            [this, s, resume_data, links, handler](file_fault const &fault, int error) {
                if (error != 0 || s->is_removed) {
                    handler(lt::status_t::fatal_disk_error, job_error(error));
                } else if (fault) {
                    failed(*s, fault, s->run());
                    // Not only told: the engine must know that it is not to begin.
                    handler(lt::status_t::fatal_disk_error, storage_error(fault, lt::operation_t::file_stat));
                } else {
                    inner_->async_check_files(s->inner, resume_data, links, handler);
                    inner_->submit_jobs();
                }
            });
    });
}

void disk_layer::close_files(lt::storage_index_t index, std::function<void()> handler, closing inner) {
    storage_pointer const s = storages_.at(index);
    s->after_jobs([this, s, handler = std::move(handler), inner] {
        open_.drop(s->files->id());
        if (!s->is_removed)
            ((*inner_).*inner)(s->inner, handler);
        else if (handler)
            handler();
    });
}

void disk_layer::async_release_files(lt::storage_index_t index, std::function<void()> handler) {
    close_files(index, std::move(handler), &lt::disk_interface::async_release_files);
}

void disk_layer::async_stop_torrent(lt::storage_index_t index, std::function<void()> handler) {
    storage_pointer const s = storages_.at(index);
    auto stopped = [this, s, handler = std::move(handler)] {
        if (s->watch && s->watch->removal)
            remove_files(s, handler);
        else if (handler)
            handler();
    };
    close_files(index, std::move(stopped), &lt::disk_interface::async_stop_torrent);
}

void disk_layer::async_clear_piece(lt::storage_index_t index, lt::piece_index_t piece,
                                   std::function<void(lt::piece_index_t)> handler) {
    storage_pointer const s = storages_.at(index);
    s->after_jobs([this, s, piece, handler] {
        if (s->is_removed)
            handler(piece);
        else
            inner_->async_clear_piece(s->inner, piece, handler);
    });
}

void disk_layer::async_delete_files(lt::storage_index_t index, lt::remove_flags_t options,
                                    std::function<void(lt::storage_error const &)> handler) {
    storage_pointer const s = storages_.at(index);
    s->after_jobs([this, s, options, handler] {
        open_.drop(s->files->id());
        if (s->is_removed)
            handler(lt::storage_error(boost::asio::error::operation_aborted));
        else
            inner_->async_delete_files(s->inner, options, handler);
    });
}

// ---- The inner layer's alone ----

void disk_layer::async_hash2(
    lt::storage_index_t index, lt::piece_index_t piece, int offset, lt::disk_job_flags_t flags,
    std::function<void(lt::piece_index_t, lt::sha256_hash const &, lt::storage_error const &)> handler) {
    inner_->async_hash2(inner_of(index), piece, offset, flags, std::move(handler));
}

void disk_layer::async_set_file_priority(
    lt::storage_index_t index, lt::aux::vector<lt::download_priority_t, lt::file_index_t> priorities,
    std::function<void(lt::storage_error const &, lt::aux::vector<lt::download_priority_t, lt::file_index_t>)>
        handler) {
    inner_->async_set_file_priority(inner_of(index), std::move(priorities), std::move(handler));
}

void disk_layer::update_stats_counters(lt::counters &counters) const {
    inner_->update_stats_counters(counters);
}

std::vector<lt::open_file_state> disk_layer::get_status(lt::storage_index_t index) const {
    return inner_->get_status(inner_of(index));
}

void disk_layer::submit_jobs() {
    pool_.submit();
    mover_.submit();
    inner_->submit_jobs();
}

void disk_layer::abort(bool wait) {
    for (auto const &[index, s] : storages_)
        if (s->move) s->move->cancel();
    mover_.abort(wait);
    pool_.abort(wait);
    inner_->abort(wait);
}

void disk_layer::settings_updated() {
    inner_->settings_updated();
    open_.resize(size_t(std::max(1, settings_.get_int(lt::settings_pack::file_pool_size))));
    pool_.resize(unsigned(std::max(1, settings_.get_int(lt::settings_pack::aio_threads))));
}

} // namespace clt
