#include "content_move.hpp"
#include "file_rename.hpp"
#include "free_room.hpp"

#include <libtorrent/hasher.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace clt {

namespace {

constexpr size_t portion = 1 << 20;

int write_all(int file, char const *from, size_t length, uint64_t at) {
    while (length > 0) {
        ssize_t const done = ::pwrite(file, from, length, off_t(at));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return errno;
        from += done;
        at += uint64_t(done);
        length -= size_t(done);
    }
    return 0;
}

} // namespace

content_move::content_move(std::shared_ptr<sealed_files const> files, std::string to, uint64_t floor)
    : files_(std::move(files)), from_(files_->folder()), to_(std::move(to)), floor_(floor) {}

std::vector<std::optional<file_identity>> content_move::identities() const {
    std::vector<std::optional<file_identity>> out;
    for (item const &i : items_) {
        if (i.index >= out.size()) out.resize(i.index + 1);
        out[i.index] = i.now;
    }
    return out;
}

file_fault content_move::fault(item const &of, int error, char const *what) const {
    std::string text = what;
    if (error != ESTALE && error != ECANCELED) text += ": " + std::generic_category().message(error);
    return {int(of.index), error, std::move(text)};
}

// ---- There ----

file_fault content_move::carry() {
    auto const states = files_->states();
    for (size_t i = 0; i < states.size(); ++i)
        if (!states[i].is_pad && !states[i].path.empty()) items_.push_back({i, states[i]});
    file_fault wrong = open_folders();
    for (item const &i : items_)
        if (!wrong) wrong = is_free(i);
    if (!wrong) wrong = is_room();
    for (item &i : items_)
        if (!wrong) wrong = carry_one(i);
    if (!wrong) wrong = flush_folders();
    if (wrong) undo();
    return wrong;
}

file_fault content_move::open_folders() {
    from_folder_ = open_folder(from_);
    if (!from_folder_) return {-1, errno, "open the folder: " + std::generic_category().message(errno)};
    for (size_t slash = to_.find('/', 1);; slash = to_.find('/', slash + 1)) {
        std::string const at = to_.substr(0, slash);
        if (::mkdir(at.c_str(), 0777) == 0)
            made_above_.push_back(at);
        else if (errno != EEXIST)
            return {-1, errno, "make the folder: " + std::generic_category().message(errno)};
        if (slash == std::string::npos) break;
    }
    to_folder_ = open_folder(to_);
    if (!to_folder_) return {-1, errno, "open the folder: " + std::generic_category().message(errno)};
    file_identity from, to;
    if (int const error =
            std::max(identity_of(from_folder_.get(), &from), identity_of(to_folder_.get(), &to));
        error != 0)
        return {-1, error, std::generic_category().message(error)};
    if (from.is_same_file(to)) return {-1, EINVAL, "the torrent is in that folder already"};
    return {};
}

file_fault content_move::is_free(item const &of) const {
    file_fault found = is_free_beneath(to_folder_.get(), of.file.path);
    if (found) found.file = int(of.index);
    return found;
}

file_fault content_move::is_room() const {
    file_identity from, to;
    identity_of(from_folder_.get(), &from);
    identity_of(to_folder_.get(), &to);
    if (from.device == to.device) return {}; // links
    uint64_t needed = 0;
    for (item const &i : items_) {
        struct stat status {};
        if (stat_file_beneath(from_folder_.get(), i.file.path, &status) == 0)
            needed += std::min(uint64_t(status.st_blocks) * 512, uint64_t(status.st_size) + 4096);
    }
    struct statvfs room {};
    if (::fstatvfs(to_folder_.get(), &room) != 0) return {};
    if (free_room_of(room) < needed + floor_)
        return {-1, ENOSPC, "there is less room than " + std::to_string(needed + floor_) + " bytes"};
    return {};
}

file_fault content_move::carry_one(item &of) {
    if (cancelled_) return fault(of, ECANCELED, "cancelled");
    bool const may_be_missing = of.file.held == sealed_files::held_to::nothing;
    descriptor source;
    struct stat status {};
    if (int const error = open_file_beneath(from_folder_.get(), of.file.path, &source, &status); error != 0) {
        if (error == ENOENT && may_be_missing) return {};
        return error == ENOENT ? fault(of, ESTALE, "the file is gone") : fault(of, error, "open the file");
    }
    of.source = file_identity::of(status);
    bool const is_same = of.file.held == sealed_files::held_to::version ? of.file.identity == of.source
                         : of.file.held == sealed_files::held_to::which
                             ? of.file.identity.is_same_file(of.source)
                             : true;
    if (!is_same) return fault(of, ESTALE, "the file is not what it was");
    descriptor above;
    int error = make_folder_beneath(to_folder_.get(), folder_of(of.file.path), &above,
                                    [&](std::string const &path) { made_.push_back(path); });
    if (error != 0) return fault(of, error, "make a folder");
    if (link(of, source.get(), above.get(), &error)) return {};
    if (error != 0) return fault(of, error, "link the file");
    return copy(of, source.get(), above.get());
}

// True where it is done; else `*error` says what makes a copy vain too.
bool content_move::link(item &of, int source, int above, int *error) {
    *error = 0;
    // A link changes the file's change time, and so would a write: only where none can come between.
    write_guard const guard(source);
    file_identity before, after;
    if (!guard.holds() || identity_of(source, &before) != 0 || !(before == of.source)) return false;
    // By the descriptor: what was looked at is what is linked.
    std::string const self = "/proc/self/fd/" + std::to_string(source);
    if (::linkat(AT_FDCWD, self.c_str(), above, name_of(of.file.path).c_str(), AT_SYMLINK_FOLLOW) != 0) {
        if (errno == EEXIST) *error = EEXIST;
        return false;
    }
    of.how = carried::linked;
    if (identity_of(source, &after) != 0 || !before.is_same_content(after) || !guard.holds()) {
        *error = ESTALE;
        return false;
    }
    of.now = after;
    return true;
}

// ---- A copy: flushed, and read back, before it stands for anything ----

template <typename Body> file_fault content_move::each_data(item const &of, int source, Body body) const {
    std::vector<char> buffer(portion);
    uint64_t const size = of.source.size;
    for (uint64_t at = 0; at < size;) {
        off_t const data = ::lseek(source, off_t(at), SEEK_DATA);
        if (data < 0 && errno == ENXIO) break; // a hole up to the end
        off_t const hole = data < 0 ? -1 : ::lseek(source, data, SEEK_HOLE);
        at = data < 0 ? at : uint64_t(data);
        uint64_t const end = hole < 0 ? size : std::min(uint64_t(hole), size);
        while (at < end) {
            if (cancelled_) return fault(of, ECANCELED, "cancelled");
            size_t const length = size_t(std::min<uint64_t>(end - at, buffer.size()));
            if (auto wrong = body(at, buffer.data(), length)) return wrong;
            at += length;
        }
    }
    return {};
}

namespace {

int read_all(int file, char *to, size_t length, uint64_t at) {
    while (length > 0) {
        ssize_t const got = ::pread(file, to, length, off_t(at));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return ESTALE;
        to += got;
        at += uint64_t(got);
        length -= size_t(got);
    }
    return 0;
}

} // namespace

file_fault content_move::copy(item &of, int source, int above) {
    struct stat status {};
    if (::fstat(source, &status) != 0) return fault(of, errno, "look at the file");
    descriptor const target(::openat(above, name_of(of.file.path).c_str(),
                                     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target) return fault(of, errno, "make the file");
    of.how = carried::copied;
    file_identity made;
    if (identity_of(target.get(), &made) == 0) of.now = made; // that undo() knows it
    if (auto wrong = copy_bytes(of, source, target.get())) return wrong;
    struct timespec const times[] = {{0, UTIME_OMIT}, status.st_mtim};
    if (::fchmod(target.get(), status.st_mode & 0777) != 0 || ::futimens(target.get(), times) != 0 ||
        ::fsync(target.get()) != 0)
        return fault(of, errno, "flush the copy");
    file_identity written, read, left;
    if (int const error = identity_of(target.get(), &written); error != 0)
        return fault(of, error, "look at it");
    ::posix_fadvise(target.get(), 0, 0, POSIX_FADV_DONTNEED); // from the disk, not from memory
    if (auto wrong = check_bytes(of, source, target.get(), copied_hash_)) return wrong;
    if (identity_of(target.get(), &read) != 0 || !(read == written) || identity_of(source, &left) != 0 ||
        !(left == of.source))
        return fault(of, ESTALE, "the file changed while it was copied");
    of.now = written;
    return {};
}

file_fault content_move::copy_bytes(item const &of, int source, int target) {
    lt::hasher hasher;
    auto wrong = each_data(of, source, [&](uint64_t at, char *buffer, size_t length) -> file_fault {
        if (int const error = read_all(source, buffer, length, at); error != 0)
            return fault(of, error, "read the file");
        hasher.update({buffer, std::ptrdiff_t(length)});
        if (int const error = write_all(target, buffer, length, at); error != 0)
            return fault(of, error, "write the copy");
        return {};
    });
    if (!wrong && ::ftruncate(target, off_t(of.source.size)) != 0) wrong = fault(of, errno, "write the copy");
    copied_hash_ = hasher.final();
    return wrong;
}

file_fault content_move::check_bytes(item const &of, int source, int target, lt::sha1_hash const &expected) {
    lt::hasher hasher;
    auto wrong = each_data(of, source, [&](uint64_t at, char *buffer, size_t length) -> file_fault {
        if (int const error = read_all(target, buffer, length, at); error != 0)
            return fault(of, error, "read the copy back");
        hasher.update({buffer, std::ptrdiff_t(length)});
        return {};
    });
    if (!wrong && hasher.final() != expected) wrong = fault(of, EIO, "the copy is not what was written");
    return wrong;
}

file_fault content_move::flush_folders() const {
    std::set<std::string> folders{""};
    for (item const &i : items_)
        if (i.how != carried::no)
            for (std::string at = folder_of(i.file.path); !at.empty(); at = folder_of(at))
                folders.insert(at);
    for (std::string const &path : folders) {
        descriptor found;
        int error = open_folder_beneath(to_folder_.get(), path, &found);
        if (error == 0 && ::fsync(found.get()) != 0) error = errno;
        if (error != 0 && error != EINVAL)
            return {-1, error, "flush the folder: " + std::generic_category().message(error)};
    }
    // The new folder itself is an entry of the one above it.
    for (std::string const &made : made_above_) {
        std::string const above = folder_of(made);
        descriptor const found(
            ::open(above.empty() ? "/" : above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!found || (::fsync(found.get()) != 0 && errno != EINVAL))
            return {-1, errno, "flush the folder: " + std::generic_category().message(errno)};
    }
    return {};
}

// ---- And away ----

void content_move::undo() {
    for (auto i = items_.rbegin(); i != items_.rend(); ++i) {
        if (i->how == carried::no) continue;
        bool const was_linked = i->how == carried::linked;
        descriptor source;
        struct stat status {};
        int const error = open_file_beneath(from_folder_.get(), i->file.path, &source, &status);
        file_identity before, after;
        std::optional<write_guard> guard;
        if (error == 0 && was_linked) guard.emplace(source.get());
        bool const is_known =
            guard && guard->holds() && identity_of(source.get(), &before) == 0 && i->now && before == *i->now;
        file_identity const made = i->now.value_or(i->source);
        int const left = remove_file_beneath(to_folder_.get(), i->file.path, [&](file_identity const &there) {
            return there.is_same_file(made);
        });
        i->how = carried::no;
        i->now.reset();
        if (!was_linked) {
            i->now = i->source;
            continue;
        }
        if (is_known && left == 0 && identity_of(source.get(), &after) == 0 &&
            before.is_same_content(after) && guard->holds())
            i->now = after;
    }
    for (auto path = made_.rbegin(); path != made_.rend(); ++path)
        remove_empty_folder(to_folder_.get(), *path);
    made_.clear();
    for (auto path = made_above_.rbegin(); path != made_above_.rend(); ++path)
        ::rmdir(path->c_str());
    made_above_.clear();
}

std::vector<left_file> content_move::discard_sources() {
    std::vector<left_file> out;
    for (item &i : items_) {
        if (i.how == carried::no) continue;
        int error = 0;
        if (i.how == carried::copied) {
            error = remove_file_beneath(from_folder_.get(), i.file.path,
                                        [&](file_identity const &there) { return there == i.source; });
        } else {
            descriptor target;
            struct stat status {};
            file_identity before, after;
            error = open_file_beneath(to_folder_.get(), i.file.path, &target, &status);
            if (error == 0) {
                write_guard const guard(target.get());
                if (!guard.holds() || identity_of(target.get(), &before) != 0 || !(before == i.now))
                    error = EBUSY; // somebody is at it: one name more does no harm
                else
                    error =
                        remove_file_beneath(from_folder_.get(), i.file.path, [&](file_identity const &there) {
                            return there.is_same_file(before);
                        });
                if (error == 0 && identity_of(target.get(), &after) == 0 && before.is_same_content(after) &&
                    guard.holds())
                    i.now = after;
            }
        }
        if (error != 0) out.push_back({from_ + '/' + i.file.path, error});
        remove_empty_folders_above(from_folder_.get(), i.file.path);
    }
    return out;
}

} // namespace clt
