// The disk layer's writes, and the hashes of what was written.
#include "disk_layer.hpp"
#include "error.hpp"
#include "free_room.hpp"

#include <libtorrent/disk_buffer_holder.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/peer_request.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>

namespace clt {

namespace {

file_fault fault_of(lt::storage_error const &error) {
    if (error.ec == boost::asio::error::eof)
        return {static_cast<int>(error.file()), ESTALE, "the file was cut short"};
    int const code = system_errno_of(error.ec);
    return {static_cast<int>(error.file()), code != 0 ? code : EIO,
            std::string(lt::operation_name(error.operation)) + ": " + error.ec.message()};
}

constexpr auto room_interval = std::chrono::milliseconds(200);

bool is_aborted(lt::storage_error const &error) {
    return error.ec == boost::asio::error::operation_aborted;
}

} // namespace

bool disk_layer::async_write(lt::storage_index_t index, lt::peer_request const &request, char const *buffer,
                             std::shared_ptr<lt::disk_observer> observer,
                             std::function<void(lt::storage_error const &)> handler,
                             lt::disk_job_flags_t flags) {
    if (!locked)
        return inner_->async_write(inner_of(index), request, buffer, std::move(observer), std::move(handler),
                                   flags);
    storage_pointer const s = storages_.at(index);
    int const piece = static_cast<int>(request.piece);
    s->begin_write(request);
    unwritten_ += uint64_t(request.length);
    auto answer = [this, s, request, run = s->run(),
                   handler = std::move(handler)](lt::storage_error const &error, file_fault const &fault) {
        // The engine first: it must know that the block is not there before its torrent is stopped.
        handler(fault ? told(lt::operation_t::file_write, fault.file) : error);
        written(s, request, bool(error.ec));
        if (fault) failed(*s, fault, run);
    };
    // The inner layer opens by path, makes what is not there, and follows links: look first.
    auto fault = room_for(*s, request);
    if (!fault) fault = s->files->before_write(piece, request.start, request.length);
    if (fault) {
        boost::asio::post(network_, [fault = std::move(fault), answer = std::move(answer)] {
            answer(told(lt::operation_t::file_write, fault.file), fault);
        });
        return false;
    }
    try {
        return inner_->async_write(
            s->inner, request, buffer, std::move(observer),
            [s, request, answer = std::move(answer)](lt::storage_error const &error) {
                if (!error)
                    s->files->after_write(static_cast<int>(request.piece), request.start, request.length);
                answer(error, error && !is_aborted(error) ? fault_of(error) : file_fault{});
            },
            flags);
    } catch (...) {
        unwritten_ -= uint64_t(request.length);
        s->end_write(request, true);
        throw;
    }
}

// Before the floor is passed, not after. What other processes write is seen at the next look.
file_fault disk_layer::room_for(disk_storage &s, lt::peer_request const &request) {
    uint64_t const floor = s.watch ? s.watch->floor : 0;
    if (floor == 0) return {};
    auto const length = uint64_t(request.length);
    auto const now = std::chrono::steady_clock::now();
    if (s.room < length || now - s.room_looked_at >= room_interval) {
        auto const room = free_room_at(s.files->folder());
        if (!room) return {}; // the write will say why
        uint64_t const taken = floor + unwritten_ - length;
        s.room = *room > taken ? *room - taken : 0;
        s.room_looked_at = now;
    }
    if (s.room < length)
        return {s.files->file_at(static_cast<int>(request.piece), request.start), ENOSPC,
                "less than " + std::to_string(floor) + " bytes would be left free"};
    s.room -= length;
    return {};
}

void disk_layer::look_for_room(content_watch const &watch, uint64_t bytes) {
    storage_pointer const s = watch.storage.lock();
    if (!s || s->is_removed || s->is_looked_at) return;
    s->is_looked_at = true;
    pool_.add([folder = s->files->folder()] { return free_room_at(folder).value_or(0); },
              [s, wanted = watch.floor + bytes](uint64_t room, int) {
                  s->is_looked_at = false;
                  if (!s->is_removed && s->watch && s->watch->observer != nullptr && room >= wanted)
                      s->watch->observer->room_found();
              });
    pool_.submit();
}

void disk_layer::written(storage_pointer const &s, lt::peer_request const &request, bool is_lost) {
    unwritten_ -= uint64_t(request.length);
    auto const waited = s->end_write(request, is_lost);
    for (auto const &next : waited)
        next();
    if (!waited.empty()) submit_jobs();
}

void disk_layer::async_hash(lt::storage_index_t index, lt::piece_index_t piece, lt::span<lt::sha256_hash> v2,
                            lt::disk_job_flags_t flags, hash_handler handler) {
    storage_pointer const s = storages_.at(index);
    // A check of all that stands there (volatile) is one that the inner layer can call off; and hashes of
    // version 2 are written into memory of the handler's.
    bool const plain = locked && v2.empty() && !(flags & lt::disk_interface::volatile_read);
    if (!plain)
        inner_->async_hash(inner_of(index), piece, v2, flags, std::move(handler));
    else if (!s->is_writing() && s->files->is_exact(static_cast<int>(piece)))
        hash_own(s, piece, std::move(handler));
    else
        hash_written(s, piece, flags, std::move(handler));
}

// A seed that verifies before it first sends must hash the very file that it will send.
void disk_layer::hash_own(storage_pointer const &s, lt::piece_index_t piece, hash_handler handler) {
    using result = std::pair<lt::sha1_hash, file_fault>;
    run(
        s,
        [this, files = s->files, piece]() -> result {
            result out;
            out.second = files->hash(static_cast<int>(piece), &out.first, open_);
            return out;
        },
        [this, s, piece, run = s->run(), handler = std::move(handler)](result const &hashed, int error) {
            lt::storage_error wrong;
            if (error != 0) {
                wrong = job_error(error);
            } else if (hashed.second) {
                failed(*s, hashed.second, run);
                wrong = told(lt::operation_t::file_read, hashed.second.file);
            } else if (s->watch && s->watch->info && s->watch->observer != nullptr &&
                       hashed.first != s->watch->info->hash_for_piece(piece)) {
                int const index = static_cast<int>(piece);
                s->watch->observer->content_corrupt(index, s->files->paths_of(index));
            }
            handler(piece, hashed.first, wrong);
        });
}

// What was just written is hashed out of the inner layer's store of it. A piece counts as had only once all
// of it is written, too: else one that a full disk cuts short would be announced, and saved as had.
void disk_layer::hash_written(storage_pointer const &s, lt::piece_index_t piece, lt::disk_job_flags_t flags,
                              hash_handler handler) {
    auto const hashing = s->begin_hash(static_cast<int>(piece));
    inner_->async_hash(
        s->inner, piece, {}, flags,
        [this, s, hashing, flags, run = s->run(), handler = std::move(handler)](
            lt::piece_index_t which, lt::sha1_hash const &hash, lt::storage_error const &error) {
            s->hashed(hashing, [this, s, which, hash, error, flags, run, handler](bool is_lost) {
                if (is_lost || !error || is_aborted(error)) {
                    handler(which, hash, is_lost ? told(lt::operation_t::file_write, -1) : error);
                    return;
                }
                // The engine would neither hash the piece again nor fetch it: it hears of it when the torrent
                // is taken up again, and the piece has been hashed once more.
                s->hold([this, s, which, hash, flags, handler](bool is_over) {
                    if (is_over)
                        handler(which, hash, job_error(ECANCELED));
                    else
                        hash_written(s, which, flags, handler);
                });
                if (s->is_removed || !s->watch || s->watch->observer == nullptr)
                    end_held(s, true);
                else if (s->run() == run)
                    failed(*s, fault_of(error), run);
                else
                    end_held(s, false); // what was wrong then may not be now
            });
        });
}

void disk_layer::end_held(storage_pointer const &s, bool is_over) {
    for (auto const &again : s->take_held())
        again(is_over);
    submit_jobs();
}

void disk_layer::retry(content_watch &watch) {
    ++watch.run;
    if (storage_pointer const s = watch.storage.lock()) end_held(s, false);
}

void disk_layer::give_up(content_watch const &watch) {
    cancel_move(watch);
    if (storage_pointer const s = watch.storage.lock()) end_held(s, true);
}

} // namespace clt
