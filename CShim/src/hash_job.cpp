#include "hash_job.hpp"

#include "bytes.hpp"
#include "error.hpp"
#include "hash_worker.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

namespace clt {

namespace {

constexpr uint64_t batch_bytes = 4 << 20; // what a thread takes at a time: keeps its reads sequential
constexpr unsigned max_threads = 256;

} // namespace

} // namespace clt

clt_hash_job::clt_hash_job(clt_hash_options const &options) {
    using clt::require;
    require(options.piece_length > 0 && options.piece_length <= (1u << 30), "piece_length is out of range");
    require(options.files != nullptr && options.file_count > 0, "no files");
    require(options.wanted != nullptr || options.wanted_length == 0, "wanted is NULL");
    root = clt::text_in(options.root, options.root_length, "root is NULL");
    require(!root.empty() && root.find('\0') == std::string::npos, "root is empty or has a NUL byte");
    piece_length = options.piece_length;
    stop_at_failure = options.stop_at_failure != 0;
    pace.set(options.rate_limit);

    auto const *next = reinterpret_cast<char const *>(options.files);
    files.reserve(options.file_count);
    for (uint64_t i = 0; i < options.file_count; ++i) {
        auto const *raw = reinterpret_cast<clt_hash_file const *>(next);
        clt_hash_file const from = clt::read_struct(raw);
        next += raw->struct_size; // of the caller's header
        file to;
        to.path = clt::text_in(from.path, from.path_length, "path is NULL");
        to.offset = total;
        to.size = from.size;
        to.is_pad = (from.flags & CLT_FILE_PAD) != 0;
        require(to.is_pad || clt::is_plain_relative_path(to.path), "a path is not relative and plain");
        require(from.size <= INT64_MAX - total, "the content is too large");
        to.identity = {from.device, from.inode, from.size, from.mtime_ns, from.ctime_ns};
        to.is_seen = from.device != 0 || from.inode != 0 || from.mtime_ns != 0 || from.ctime_ns != 0;
        total += from.size;
        files.push_back(std::move(to));
    }
    require(total > 0, "there is no content");
    piece_count = (total - 1) / piece_length + 1;
    require(piece_count <= (1u << 24), "piece_length is too small for so much content");
    batch = std::max<uint64_t>(1, clt::batch_bytes / piece_length);
    wanted.assign(options.wanted, options.wanted + options.wanted_length);
    require(wanted.empty() || wanted.size() >= (piece_count + 7) / 8, "wanted is too short");

    unsigned const cores = std::max(1u, std::thread::hardware_concurrency());
    threads = std::min(options.threads == 0 ? cores : options.threads, clt::max_threads);
    threads = static_cast<unsigned>(std::min<uint64_t>(threads, (piece_count - 1) / batch + 1));
    states.resize(piece_count);
    hashes.resize(piece_count);
}

bool clt_hash_job::is_wanted(uint64_t piece) const {
    return wanted.empty() || (wanted[piece / 8] & (0x80 >> (piece % 8))) != 0;
}

void clt_hash_job::fail_file(size_t index, int error) {
    std::lock_guard const lock(mutex);
    int &known = files[index].error;
    if (known == 0 || error == ESTALE) known = error;
    if (stop_at_failure) failed = true;
}

void clt_hash_job::cancel() {
    cancelled = true;
    pace.wake();
}

bool clt_hash_job::is_same(size_t index, clt::file_identity const &identity) {
    std::lock_guard const lock(mutex);
    file &known = files[index];
    if (known.is_seen) return known.identity == identity;
    known.identity = identity;
    known.is_seen = true;
    return true;
}

size_t clt_hash_job::first_file_at(uint64_t offset) const {
    auto const after = std::upper_bound(files.begin(), files.end(), offset,
                                        [](uint64_t at, file const &f) { return at < f.offset; });
    return static_cast<size_t>(after - files.begin()) - 1;
}

void clt_hash_job::run() {
    clt::require(!started.exchange(true), "a hash job runs once");
    folder = clt::open_folder(root);
    if (!folder) throw clt::failure(CLT_IO, std::generic_category().message(errno), errno);

    // Nothing may leave a thread but through here.
    std::atomic<bool> out_of_memory{false};
    auto const work = [&] {
        try {
            clt::hash_worker(*this).run();
        } catch (...) {
            out_of_memory = true;
            failed = true;
        }
    };
    std::vector<std::thread> pool;
    pool.reserve(threads);
    for (unsigned i = 1; i < threads; ++i) {
        try {
            pool.emplace_back(work);
        } catch (std::system_error const &) {
            break; // fewer threads will do
        }
    }
    work();
    for (auto &thread : pool)
        thread.join();

    if (out_of_memory) throw std::bad_alloc();
    if (!should_stop()) check_files_again();
    folder = clt::descriptor();
    if (cancelled) throw clt::failure(CLT_CANCELLED, "cancelled");
    finished = true;
    if (failed) throw_first_failure();
}

// Empty files have not been opened yet; and what has been read may have been replaced or written to since.
void clt_hash_job::check_files_again() {
    for (size_t i = 0; i < files.size() && !should_stop(); ++i) {
        file &f = files[i];
        bool const was_read = f.is_seen && (f.error == 0 || f.error == ENODATA);
        bool const is_unread_empty = f.size == 0 && f.error == 0;
        if (f.is_pad || (!was_read && !is_unread_empty)) continue;
        clt::descriptor opened;
        struct stat status {};
        if (int const error = clt::open_file_beneath(folder.get(), f.path, &opened, &status); error != 0)
            fail_file(i, f.size == 0 ? error : ESTALE);
        else if (!is_same(i, clt::file_identity::of(status)))
            fail_file(i, ESTALE);
    }
    for (auto const &f : files) {
        // Pieces that were hashed before the change was seen cannot be vouched for.
        if (f.error != ESTALE || f.size == 0) continue;
        uint64_t const last = (f.offset + f.size - 1) / piece_length;
        for (uint64_t piece = f.offset / piece_length; piece <= last; ++piece)
            if (states[piece] == CLT_PIECE_HASHED) states[piece] = CLT_PIECE_UNREADABLE;
    }
}

void clt_hash_job::throw_first_failure() {
    for (size_t i = 0; i < files.size(); ++i) {
        int const error = files[i].error;
        if (error == 0) continue;
        auto const index = static_cast<int>(std::min<size_t>(i, INT32_MAX));
        if (error == ESTALE || error == ENODATA)
            throw clt::failure(CLT_CHANGED, "the file changed while it was read", error, index);
        throw clt::failure(CLT_IO, std::generic_category().message(error), error, index);
    }
}

extern "C" {

int32_t clt_hash_job_new(clt_hash_options const *options, clt_hash_job **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        *out = new clt_hash_job(clt::read_struct(options));
    });
}

int32_t clt_hash_job_run(clt_hash_job *job, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(job != nullptr, "job is NULL");
        job->run();
    });
}

void clt_hash_job_cancel(clt_hash_job *job) noexcept {
    if (job != nullptr) job->cancel();
}

void clt_hash_job_set_rate_limit(clt_hash_job *job, uint64_t rate) noexcept {
    if (job != nullptr) job->pace.set(rate);
}

uint64_t clt_hash_job_progress(clt_hash_job const *job) noexcept {
    return job == nullptr ? 0 : job->progress.load();
}

int32_t clt_hash_job_get_piece(clt_hash_job const *job, uint64_t index, int32_t *state, uint8_t hash[20],
                               clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(job != nullptr && state != nullptr && hash != nullptr, "an argument is NULL");
        if (!job->finished) throw clt::failure(CLT_WRONG_STATE, "the hash job has not run to its end");
        clt::require(index < job->piece_count, "there is no piece of that index");
        *state = job->states[index];
        std::memcpy(hash, job->hashes[index].data(), 20);
    });
}

int32_t clt_hash_job_get_file_errno(clt_hash_job const *job, uint64_t index, int32_t *out,
                                    clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(job != nullptr && out != nullptr, "an argument is NULL");
        if (!job->finished) throw clt::failure(CLT_WRONG_STATE, "the hash job has not run to its end");
        clt::require(index < job->files.size(), "there is no file of that index");
        *out = job->files[index].error;
    });
}

int32_t clt_hash_job_get_file_identity(clt_hash_job const *job, uint64_t index, clt_file_identity *out,
                                       clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(job != nullptr, "job is NULL");
        if (!job->finished) throw clt::failure(CLT_WRONG_STATE, "the hash job has not run to its end");
        clt::require(index < job->files.size(), "there is no file of that index");
        auto const &file = job->files[index];
        clt::write_struct(out, file.is_seen ? file.identity.out() : clt_file_identity{});
    });
}

void clt_hash_job_free(clt_hash_job *job) noexcept {
    delete job;
}

} // extern "C"
