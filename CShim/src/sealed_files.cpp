#include "sealed_files.hpp"
#include "file_rename.hpp"
#include "open_files.hpp"
#include "owned_files.hpp"

#include <libtorrent/file_storage.hpp>
#include <libtorrent/hasher.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <unistd.h>

namespace clt {

namespace {

constexpr auto look_interval = std::chrono::seconds(1);

uint64_t next_id() {
    static std::atomic<uint64_t> last{0};
    return ++last;
}

char const *in_its_place(int error) {
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "the file is gone";
    case ELOOP:
        return "a symbolic link stands in the place of the file, or on the way to it";
    case EISDIR:
        return "a folder stands in the place of the file";
    case ENXIO:
        return "a FIFO, socket or device stands in the place of the file";
    default:
        return nullptr;
    }
}

// What may be given for a folder below: its descriptor, or the errno, negative, of why there is none.
int folder_or_error(descriptor const &folder) {
    return folder ? folder.get() : -errno;
}

char const *difference(file_identity const &was, file_identity const &is) {
    if (!was.is_same_file(is)) return "another file stands in the place of the file";
    if (is.size < was.size) return "the file was cut short";
    if (is.size > was.size) return "the file has grown";
    if (is.mtime_ns != was.mtime_ns) return "the file was written to, or its time set";
    return "the file was moved, linked, written to, or its mode or owner changed";
}

} // namespace

std::string list_of(std::vector<left_file> const &left) {
    std::string out;
    for (left_file const &file : left)
        out += std::to_string(file.error) + ' ' + file.path + '\0';
    return out;
}

sealed_files::sealed_files(lt::file_storage const &files, std::string folder,
                           std::vector<std::optional<file_identity>> const &given)
    : id_(next_id()), folder_(std::move(folder)), piece_length_(files.piece_length()),
      total_(files.total_size()) {
    files_.reserve(size_t(files.num_files()));
    for (lt::file_index_t const i : files.file_range()) {
        file f;
        f.offset = uint64_t(files.file_offset(i));
        f.size = uint64_t(files.file_size(i));
        f.is_pad = files.pad_file_at(i);
        if (!files.file_absolute_path(i)) f.path = files.file_path(i);
        if (!is_plain_relative_path(f.path)) f.path.clear();
        if (files_.size() < given.size() && given[files_.size()].has_value()) {
            f.identity = *given[files_.size()];
            f.held = held_to::version;
        }
        files_.push_back(std::move(f));
    }
}

sealed_files::sealed_files(sealed_files const &of, std::string folder,
                           std::vector<std::optional<file_identity>> const &now)
    : id_(next_id()), folder_(std::move(folder)), piece_length_(of.piece_length_), total_(of.total_),
      sealed_(of.sealed_.load()) {
    std::vector<state> states_of = of.states();
    size_t index = 0;
    for (state &s : states_of) {
        file f;
        static_cast<state &>(f) = std::move(s);
        std::optional<file_identity> const is = index < now.size() ? now[index] : std::nullopt;
        if (!is.has_value()) f.held = held_to::nothing;
        if (is.has_value()) f.identity = *is;
        files_.push_back(std::move(f));
        ++index;
    }
}

sealed_files::sealed_files(sealed_files const &of, size_t renamed, std::string path,
                           std::optional<file_identity> const &now)
    : id_(next_id()), folder_(of.folder_), piece_length_(of.piece_length_), total_(of.total_),
      sealed_(of.sealed_.load()) {
    for (state &s : of.states()) {
        file f;
        static_cast<state &>(f) = std::move(s);
        if (files_.size() == renamed) {
            f.path = std::move(path);
            if (now) f.identity = *now;
        }
        files_.push_back(std::move(f));
    }
}

std::vector<sealed_files::state> sealed_files::states() const {
    std::lock_guard const lock(mutex_);
    return {files_.begin(), files_.end()};
}

void sealed_files::reidentify(size_t index, file_identity const &now) {
    std::lock_guard const lock(mutex_);
    if (index < files_.size() && files_[index].held != held_to::nothing) files_[index].identity = now;
}

std::string sealed_files::full_path(int file) const {
    if (file < 0 || size_t(file) >= files_.size()) return folder_;
    return folder_ + '/' + files_[size_t(file)].path;
}

int sealed_files::open(int file, descriptor *out) const {
    std::string const &path = files_[size_t(file)].path;
    if (path.empty()) return EINVAL;
    descriptor const folder = open_folder(folder_);
    if (!folder) return errno;
    struct stat status {};
    return open_file_beneath(folder.get(), path, out, &status);
}

// ---- Every file, or many ----

file_fault sealed_files::survey() {
    descriptor const opened = open_folder(folder_);
    int const folder = folder_or_error(opened);
    bool all = true;
    for (size_t i = 0; i < files_.size(); ++i) {
        if (files_[i].is_pad) continue;
        struct stat status {};
        bool is_there = false;
        bool const may_be_missing = held(i) == held_to::nothing;
        if (auto wrong = stat(folder, i, may_be_missing, &status, &is_there)) return wrong;
        all = all && is_there;
        if (!is_there) continue;
        file_identity const now = file_identity::of(status);
        std::lock_guard const lock(mutex_);
        if (auto wrong = match_held(i, now)) return wrong;
        if (files_[i].held != held_to::nothing) continue;
        files_[i].held = held_to::version;
        files_[i].identity = now;
    }
    return {};
}

file_fault sealed_files::seal(bool is_whole) {
    descriptor const opened = open_folder(folder_);
    int const folder = folder_or_error(opened);
    for (size_t i = 0; i < files_.size(); ++i) {
        if (files_[i].is_pad) continue;
        struct stat status {};
        bool is_there = false;
        bool const may_be_missing = !is_whole && held(i) == held_to::nothing;
        if (auto wrong = stat(folder, i, may_be_missing, &status, &is_there)) return wrong;
        if (!is_there) continue;
        file_identity const now = file_identity::of(status);
        std::lock_guard const lock(mutex_);
        if (auto wrong = match_held(i, now)) return wrong;
        if (is_whole && now.size < files_[i].size)
            return {int(i), ESTALE, "the file is shorter than its content"};
        files_[i].held = held_to::version;
        files_[i].identity = now;
    }
    sealed_ = true;
    return {};
}

file_fault sealed_files::look(size_t *next, size_t most) {
    descriptor const opened = open_folder(folder_);
    int const folder = folder_or_error(opened);
    for (; *next < files_.size() && most > 0; ++*next, --most) {
        size_t const i = *next;
        if (files_[i].is_pad || held(i) == held_to::nothing) continue;
        struct stat status {};
        bool is_there = false;
        if (auto wrong = stat(folder, i, false, &status, &is_there))
            return is_want_of_descriptors(wrong.error) ? file_fault{}
                                                       : wrong; // says nothing of the file: a later look will
        if (auto wrong = match(i, file_identity::of(status))) return wrong;
    }
    if (*next >= files_.size()) *next = 0;
    return {};
}

file_fault sealed_files::rename(size_t index, std::string const &to,
                                std::optional<file_identity> *now) const {
    state const f = states()[index];
    if (f.path.empty()) return {int(index), EINVAL, "its name is none that is allowed"};
    descriptor const folder = open_folder(folder_);
    if (!folder) return {int(index), errno, "open the folder: " + std::generic_category().message(errno)};
    file_fault wrong = rename_file_beneath(
        folder.get(), f.path, to,
        [&](file_identity const &there) {
            return f.held == held_to::nothing ||
                   (f.held == held_to::version ? f.identity == there : f.identity.is_same_file(there));
        },
        f.held == held_to::version, now);
    if (!wrong && !now->has_value() && f.held != held_to::nothing) wrong = {-1, ESTALE, "the file is gone"};
    if (wrong) wrong.file = int(index);
    return wrong;
}

std::vector<left_file> sealed_files::remove(std::vector<bool> const &had) const {
    std::vector<left_file> out;
    descriptor const folder = open_folder(folder_);
    if (!folder) return {{folder_, errno}};
    bool const had_any = std::find(had.begin(), had.end(), true) != had.end();
    for (state const &f : states()) {
        if (f.is_pad || f.path.empty()) continue;
        bool is_ours = f.is_written || (f.size == 0 && (had_any || f.held == held_to::nothing));
        for (uint64_t at = f.offset / uint64_t(piece_length_), end = f.offset + f.size;
             f.size > 0 && at * uint64_t(piece_length_) < end && at < had.size(); ++at)
            is_ours = is_ours || had[at];
        int const error = remove_file_beneath(folder.get(), f.path, [&](file_identity const &there) {
            if (!is_ours) return false;
            if (f.held == held_to::nothing) return there.size == 0;
            return f.held == held_to::version ? f.identity == there : f.identity.is_same_file(there);
        });
        if (error != 0) out.push_back({folder_ + '/' + f.path, error});
        if (error == 0) remove_empty_folders_above(folder.get(), f.path);
    }
    return out;
}

file_fault sealed_files::stat(int folder, size_t index, bool may_be_missing, struct stat *status,
                              bool *is_there) const {
    std::string const &path = files_[index].path;
    int error = EINVAL;
    if (!path.empty()) error = folder < 0 ? -folder : stat_file_beneath(folder, path, status);
    *is_there = error == 0;
    if (error == 0) return {};
    // What it can make no file of, the engine says itself when it comes to it.
    if (may_be_missing && error != ELOOP && error != EISDIR && error != ENXIO && error != EINVAL &&
        !is_want_of_descriptors(error))
        return {};
    return fault(index, error);
}

file_fault sealed_files::fault(size_t index, int error) const {
    char const *what = in_its_place(error);
    if (what == nullptr) return {int(index), error, std::generic_category().message(error)};
    return {int(index), held(index) == held_to::nothing ? error : ESTALE, what};
}

sealed_files::held_to sealed_files::held(size_t index) const {
    std::lock_guard const lock(mutex_);
    return files_[index].held;
}

file_fault sealed_files::match(size_t index, file_identity const &now) {
    std::lock_guard const lock(mutex_);
    file &f = files_[index];
    if (f.held == held_to::nothing) {
        f.held = held_to::which;
        f.identity = now;
    }
    return match_held(index, now);
}

file_fault sealed_files::match_held(size_t index, file_identity const &now) const {
    file const &f = files_[index];
    bool const is_same = f.held == held_to::nothing ||
                         (f.held == held_to::which ? f.identity.is_same_file(now) : f.identity == now);
    if (is_same) return {};
    return {int(index), ESTALE, difference(f.identity, now)};
}

// ---- Content ----

size_t sealed_files::first_file_at(uint64_t offset) const {
    auto const after = std::upper_bound(files_.begin(), files_.end(), offset,
                                        [](uint64_t at, file const &f) { return at < f.offset; });
    return size_t(std::max<ptrdiff_t>(1, after - files_.begin())) - 1;
}

template <typename Body>
file_fault sealed_files::each_range(int piece, int start, int length, Body body) const {
    if (piece < 0 || start < 0 || length < 0 || int64_t(piece) * piece_length_ + start + length > total_)
        return {-1, EINVAL, "the range lies outside the torrent"};
    uint64_t at = uint64_t(piece) * uint64_t(piece_length_) + uint64_t(start);
    uint64_t const end = at + uint64_t(length);
    for (size_t i = first_file_at(at); at < end; ++i) {
        file const &f = files_[i];
        uint64_t const count = std::min(f.offset + f.size, end) - at;
        if (count == 0) continue;
        if (auto wrong = body(i, at - f.offset, size_t(count))) return wrong;
        at += count;
    }
    return {};
}

int sealed_files::file_at(int piece, int start) const {
    int out = -1;
    each_range(piece, start, 1, [&](size_t i, uint64_t, size_t) -> file_fault {
        out = int(i);
        return {};
    });
    return out;
}

std::vector<std::string> sealed_files::paths_of(int piece) const {
    std::vector<std::string> out;
    int64_t const size = std::min(piece_length_, total_ - int64_t(piece) * piece_length_);
    each_range(piece, 0, int(size), [&](size_t i, uint64_t, size_t) -> file_fault {
        if (!files_[i].is_pad) out.push_back(full_path(int(i)));
        return {};
    });
    return out;
}

file_fault sealed_files::read(int piece, int start, char *to, int length, open_files &open) {
    return each_range(piece, start, length, [&](size_t i, uint64_t from, size_t count) -> file_fault {
        char *const into = to;
        to += count;
        if (!files_[i].is_pad) return read_range(i, from, into, count, open);
        std::memset(into, 0, count);
        return {};
    });
}

file_fault sealed_files::read_range(size_t index, uint64_t from, char *to, size_t length, open_files &open) {
    std::shared_ptr<descriptor const> file;
    if (int const error = open.get(*this, int(index), &file); error != 0) return fault(index, error);
    struct stat status {};
    // Before, so that nothing is read of another file; and after, so that a write meanwhile is seen.
    for (int pass = 0;; ++pass) {
        if (::fstat(file->get(), &status) != 0) return fault(index, errno);
        if (auto wrong = match(index, file_identity::of(status))) {
            open.drop(id_);
            return wrong;
        }
        if (pass == 1) return {};
        while (length > 0) {
            ssize_t const got = ::pread(file->get(), to, length, off_t(from));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fault(index, errno);
            if (got == 0) return {int(index), ESTALE, "the file is shorter than its content"};
            to += got;
            from += uint64_t(got);
            length -= size_t(got);
        }
    }
}

file_fault sealed_files::hash(int piece, lt::sha1_hash *to, open_files &open) {
    std::vector<char> buffer(64 * 1024);
    int64_t const size = std::min(piece_length_, total_ - int64_t(piece) * piece_length_);
    lt::hasher hasher;
    for (int64_t done = 0; done < size;) {
        int const length = int(std::min<int64_t>(size - done, int64_t(buffer.size())));
        if (auto wrong = read(piece, int(done), buffer.data(), length, open)) return wrong;
        hasher.update({buffer.data(), length});
        done += length;
    }
    *to = hasher.final();
    return {};
}

bool sealed_files::is_exact(int piece) const {
    int64_t const size = std::min(piece_length_, total_ - int64_t(piece) * piece_length_);
    return !each_range(piece, 0, int(size), [&](size_t i, uint64_t, size_t) -> file_fault {
        bool const exact = files_[i].is_pad || held(i) == held_to::version;
        return exact ? file_fault{} : file_fault{int(i), EAGAIN, ""};
    });
}

// ---- Writing ----

file_fault sealed_files::before_write(int piece, int start, int length) {
    descriptor folder;
    clock::time_point const now = clock::now();
    return each_range(piece, start, length, [&](size_t i, uint64_t, size_t) -> file_fault {
        file &f = files_[i];
        if (f.is_pad) return {};
        if (now - f.looked_at >= look_interval) {
            if (!folder) folder = open_folder(folder_);
            struct stat status {};
            bool is_there = false;
            if (auto wrong =
                    stat(folder_or_error(folder), i, held(i) == held_to::nothing, &status, &is_there))
                return wrong;
            if (is_there)
                if (auto wrong = match(i, file_identity::of(status))) return wrong;
            f.looked_at = now;
        }
        sealed_ = false;
        std::lock_guard const lock(mutex_);
        f.is_written = true;
        if (f.held == held_to::version) f.held = held_to::which;
        return {};
    });
}

void sealed_files::after_write(int piece, int start, int length) {
    descriptor folder;
    each_range(piece, start, length, [&](size_t i, uint64_t, size_t) -> file_fault {
        if (files_[i].is_pad || held(i) != held_to::nothing) return {};
        if (!folder) folder = open_folder(folder_);
        struct stat status {};
        bool is_there = false;
        if (!stat(folder_or_error(folder), i, true, &status, &is_there) && is_there)
            match(i, file_identity::of(status));
        return {};
    });
}

} // namespace clt
