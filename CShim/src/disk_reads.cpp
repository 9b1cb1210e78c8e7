// Reads: of blocks for peers, and of whole pieces for whoever reads the content.
#include "disk_layer.hpp"

#include <libtorrent/peer_request.hpp>

#include <cerrno>
#include <cstdlib>
#include <new>

namespace clt {

namespace {

struct plain_buffers final : lt::buffer_allocator_interface {
    void free_disk_buffer(char *buffer) override { std::free(buffer); }
};

// It has no state, so that a buffer may live as long as it likes.
plain_buffers buffers;

lt::disk_buffer_holder new_buffer(int size) {
    auto *const memory = static_cast<char *>(std::malloc(size_t(size)));
    if (memory == nullptr) throw std::bad_alloc();
    return {buffers, memory, size};
}

char *bytes_of(lt::disk_buffer_holder &buffer) {
    return buffer.data();
}

char *bytes_of(boost::shared_array<char> &buffer) {
    return buffer.get();
}

} // namespace

void disk_layer::async_read(lt::storage_index_t index, lt::peer_request const &request,
                            std::function<void(lt::disk_buffer_holder, lt::storage_error const &)> handler,
                            lt::disk_job_flags_t flags) {
    if (!locked) {
        inner_->async_read(inner_of(index), request, std::move(handler), flags);
        return;
    }
    if (request.length <= 0 || request.start < 0) {
        handler({}, storage_error({-1, EINVAL, ""}, lt::operation_t::file_read));
        return;
    }
    begin_read<lt::disk_buffer_holder>(storages_.at(index), request, new_buffer, std::move(handler));
}

bool disk_layer::read_piece(content_watch const &watch, int piece, int length, piece_handler handler) {
    storage_pointer const s = watch.storage.lock();
    if (!locked || !s || s->is_removed) return false;
    begin_read<boost::shared_array<char>>(
        s, {lt::piece_index_t(piece), 0, length},
        [](int bytes) { return boost::shared_array<char>(new char[size_t(bytes)]); }, std::move(handler));
    pool_.submit();
    return true;
}

template <typename Buffer, typename Make>
void disk_layer::begin_read(storage_pointer const &s, lt::peer_request const &request, Make make,
                            std::function<void(Buffer, lt::storage_error const &)> handler) {
    if (!s->is_open()) {
        s->wait([this, s, request, make, handler = std::move(handler)] {
            s->begin_job();
            start_read<Buffer>(s, request, make, handler);
        });
        return;
    }
    s->begin_job();
    start_read<Buffer>(s, request, make, std::move(handler));
}

template <typename Buffer, typename Make>
void disk_layer::start_read(storage_pointer const &s, lt::peer_request const &request, Make make,
                            std::function<void(Buffer, lt::storage_error const &)> handler) {
    // What is not written yet cannot be read back: only the inner layer has it.
    if (s->is_unwritten(request)) {
        s->wait_for_write(
            [this, s, request, make, handler] { start_read<Buffer>(s, request, make, handler); });
        return;
    }
    using result = std::pair<Buffer, file_fault>;
    pool_.add(
        [this, files = s->files, request, make]() -> result {
            Buffer buffer = make(request.length);
            file_fault fault = files->read(static_cast<int>(request.piece), request.start, bytes_of(buffer),
                                           request.length, open_);
            if (fault) buffer.reset();
            return {std::move(buffer), std::move(fault)};
        },
        [this, s, run = s->run(), handler = std::move(handler)](result &&read, int error) {
            if (error != 0) {
                handler({}, job_error(error));
            } else if (read.second) {
                failed(*s, read.second, run);
                handler({}, told(lt::operation_t::file_read, read.second.file));
            } else {
                handler(std::move(read.first), {});
            }
            job_done(*s);
        });
}

} // namespace clt
