#include "hash_worker.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace clt {

namespace {
constexpr size_t buffer_size = 256 * 1024; // stays in the core's own cache between read and hash
} // namespace

hash_worker::hash_worker(clt_hash_job &job) : job_(job), buffer_(buffer_size) {}

void hash_worker::run() {
    while (!job_.should_stop()) {
        uint64_t const first = job_.next_piece.fetch_add(job_.batch);
        if (first >= job_.piece_count) break;
        uint64_t const end = std::min(first + job_.batch, job_.piece_count);
        for (uint64_t piece = first; piece < end && !job_.should_stop(); ++piece)
            if (job_.is_wanted(piece)) hash_piece(piece);
    }
    close();
}

void hash_worker::hash_piece(uint64_t piece) {
    uint64_t at = piece * job_.piece_length;
    uint64_t const end = std::min(at + job_.piece_length, job_.total);
    bool readable = true;
    if (is_hole(piece, at, end - at)) return;
    hasher_.reset();
    for (size_t index = job_.first_file_at(at); at < end && !job_.should_stop(); ++index) {
        auto const &file = job_.files[index];
        uint64_t const length = std::min(file.offset + file.size, end) - at;
        if (file.size == 0) continue; // looked at when all is done
        if (!readable) {
            // Nothing to hash any more, but say of every file whether it is there.
            if (!file.is_pad) open(index);
            job_.progress += length;
        } else if (file.is_pad) {
            readable = hash_zeros(length);
        } else {
            readable = hash_range(index, at - file.offset, length);
        }
        at += length;
    }
    if (job_.should_stop()) return;
    job_.states[piece] = readable ? CLT_PIECE_HASHED : CLT_PIECE_UNREADABLE;
    auto const digest = hasher_.final();
    std::memcpy(job_.hashes[piece].data(), digest.data(), 20);
}

// A download that has just begun is a hole nearly throughout: its zeros are hashed once.
bool hash_worker::is_hole(uint64_t piece, uint64_t at, uint64_t length) {
    size_t const index = job_.first_file_at(at);
    auto const &file = job_.files[index];
    uint64_t data = 0;
    if (file.is_pad || file.offset + file.size < at + length || length != job_.piece_length) return false;
    if (!open(index) || hole_at(at - file.offset, length, &data) < length) return false;
    if (!knows_hole_hash_) {
        hasher_.reset();
        if (!hash_zeros(length)) return true;
        hole_hash_ = hasher_.final();
        knows_hole_hash_ = true;
    } else {
        job_.progress += length;
    }
    job_.states[piece] = CLT_PIECE_HASHED;
    std::memcpy(job_.hashes[piece].data(), hole_hash_.data(), 20);
    return true;
}

bool hash_worker::hash_range(size_t index, uint64_t from, uint64_t length) {
    if (!open(index)) {
        job_.progress += length;
        return false;
    }
    while (length > 0) {
        if (job_.should_stop()) return false;
        uint64_t count = 0;
        if (uint64_t const hole = hole_at(from, length, &count); hole > 0) {
            if (!hash_zeros(hole)) return false;
            count = hole;
        } else if (!hash_data(index, from, count)) {
            job_.progress += length - count;
            return false;
        }
        from += count;
        length -= count;
    }
    return true;
}

bool hash_worker::hash_data(size_t index, uint64_t from, uint64_t length) {
    while (length > 0) {
        size_t const want = job_.pace.portion(size_t(std::min<uint64_t>(length, buffer_.size())));
        if (!job_.pace.wait(want, [&] { return job_.should_stop(); })) return false;
        ssize_t const got = ::pread(file_.get(), buffer_.data(), want, static_cast<off_t>(from));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            job_.fail_file(index, got == 0 ? ENODATA : errno);
            job_.progress += length;
            return false;
        }
        hasher_.update({buffer_.data(), got});
        from += static_cast<uint64_t>(got);
        length -= static_cast<uint64_t>(got);
        job_.progress += static_cast<uint64_t>(got);
    }
    return true;
}

uint64_t hash_worker::hole_at(uint64_t from, uint64_t length, uint64_t *data) {
    *data = length;
    if (from >= open_size_) return 0; // a read says that it ends before
    if (from < data_from_ || from >= data_to_) {
        off_t const next = ::lseek(file_.get(), static_cast<off_t>(from), SEEK_DATA);
        if (next < 0 && errno != ENXIO) { // the file system knows of no holes
            data_from_ = 0;
            data_to_ = UINT64_MAX;
            return 0;
        }
        uint64_t const first = next < 0 ? open_size_ : std::min(static_cast<uint64_t>(next), open_size_);
        if (first > from) return std::min(first - from, length);
        off_t const end = ::lseek(file_.get(), next, SEEK_HOLE);
        data_from_ = from;
        data_to_ = end > next ? static_cast<uint64_t>(end) : UINT64_MAX;
    }
    *data = std::min(length, data_to_ - from);
    return 0;
}

bool hash_worker::hash_zeros(uint64_t length) {
    std::fill(buffer_.begin(), buffer_.end(), '\0');
    while (length > 0 && !job_.should_stop()) {
        auto const count = std::min<uint64_t>(length, buffer_.size());
        hasher_.update({buffer_.data(), static_cast<ptrdiff_t>(count)});
        length -= count;
        job_.progress += count;
    }
    return length == 0;
}

bool hash_worker::open(size_t index) {
    if (open_index_ == index) return static_cast<bool>(file_);
    close();
    open_index_ = index;
    auto const &file = job_.files[index];
    struct stat status {};
    if (int const error = open_file_beneath(job_.folder.get(), file.path, &file_, &status); error != 0) {
        job_.fail_file(index, error);
        return false;
    }
    if (!job_.is_same(index, file_identity::of(status))) {
        job_.fail_file(index, ESTALE);
        file_ = descriptor();
        return false;
    }
    open_size_ = static_cast<uint64_t>(status.st_size);
    // Only where blocks are missing is it worth a look for holes.
    bool const may_have_holes = static_cast<uint64_t>(status.st_blocks) * 512 < open_size_;
    data_from_ = 0;
    data_to_ = may_have_holes ? 0 : UINT64_MAX;
    // Pieces before its end can still be good: it may be a download that was broken off.
    if (static_cast<uint64_t>(status.st_size) < file.size) job_.fail_file(index, ENODATA);
    if (file.size > buffer_size) ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return true;
}

void hash_worker::close() {
    if (file_) {
        struct stat status {};
        if (::fstat(file_.get(), &status) != 0 || !job_.is_same(open_index_, file_identity::of(status)))
            job_.fail_file(open_index_, ESTALE);
    }
    file_ = descriptor();
    open_index_ = SIZE_MAX;
}

} // namespace clt
