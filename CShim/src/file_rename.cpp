#include "file_rename.hpp"
#include "beneath.hpp"
#include "bytes.hpp"
#include "error.hpp"
#include "owned_files.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace clt {

namespace {

file_fault fault(int error, char const *what) {
    return {-1, error, std::string(what) + ": " + std::generic_category().message(error)};
}

file_fault in_the_way() {
    return {-1, EEXIST, "something stands in the way of a folder"};
}

int sync_folder(descriptor const &folder) {
    return ::fsync(folder.get()) == 0 || errno == EINVAL ? 0 : errno;
}

// Folders that were made, from the bottom up: a name lasts before what it stands in does.
int sync_made(int folder, std::vector<std::string> const &made) {
    int error = 0;
    for (auto path = made.rbegin(); path != made.rend() && error == 0; ++path) {
        descriptor above;
        error = open_folder_beneath(folder, folder_of(*path), &above);
        if (error == 0) error = sync_folder(above);
    }
    return error;
}

struct place {
    descriptor above;
    std::string name;
    bool has(file_identity const &file) const {
        struct stat status {};
        return ::fstatat(above.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
               file_identity::of(status).is_same_file(file);
    }
};

// A second name for the open file, which may be there already. EOPNOTSUPP: there can be none.
int link_at(int file, file_identity const &who, place const &to) {
    // By the descriptor: what was looked at is what is linked.
    std::string const self = "/proc/self/fd/" + std::to_string(file);
    if (::linkat(AT_FDCWD, self.c_str(), to.above.get(), to.name.c_str(), AT_SYMLINK_FOLLOW) == 0) return 0;
    if (errno == EEXIST) return to.has(who) ? 0 : EEXIST;
    return errno == ENOSPC || errno == EDQUOT || errno == EROFS || errno == EIO ? errno : EOPNOTSUPP;
}

// The file has its old name alone, as far as that can be.
void undo(int folder, place const &from, place const &to, std::string const &to_path,
          file_identity const &who) {
    if (!to.above || !to.has(who)) return;
    if (from.has(who))
        remove_file_beneath(folder, to_path, [&](file_identity const &at) { return at.is_same_file(who); });
    else
        ::renameat2(to.above.get(), to.name.c_str(), from.above.get(), from.name.c_str(), RENAME_NOREPLACE);
}

} // namespace

file_fault is_free_beneath(int folder, std::string const &path) {
    descriptor above;
    int const error = open_folder_beneath(folder, folder_of(path), &above);
    if (error == ENOENT) return {};
    if (error == ELOOP || error == ENOTDIR) return in_the_way();
    if (error != 0) return fault(error, "open the folder");
    struct stat status {};
    if (::fstatat(above.get(), name_of(path).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
        return {-1, EEXIST, "something stands there already"};
    return errno == ENOENT ? file_fault{} : fault(errno, "look at the place");
}

file_fault rename_file_beneath(int folder, std::string const &from, std::string const &to,
                               std::function<bool(file_identity const &)> const &is_ours, bool is_exact,
                               std::optional<file_identity> *now) {
    now->reset();
    descriptor file, above_from;
    struct stat status {};
    int error = open_file_beneath(folder, from, &file, &status);
    if (error == ENOENT) return is_free_beneath(folder, to);
    if (error == 0) error = open_folder_beneath(folder, folder_of(from), &above_from);
    if (error != 0) return fault(error, "open the file");
    file_identity const before = file_identity::of(status);
    if (!is_ours(before)) return {-1, ESTALE, "the file is not what it was"};
    // A new name changes the file's change time, and so would a write: none may come between. Where there can
    // be no lease (a file of another user, some file systems), the times and the size must do.
    std::optional<write_guard> guard(file.get());
    // A process that is about to be started has what was open here for a moment.
    for (int tries = 0; is_exact && guard->is_refused(); ++tries) {
        if (tries == 20) return {-1, EBUSY, "somebody has the file open for writing"};
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        guard.emplace(file.get());
    }
    bool const is_guarded = guard->holds();

    std::vector<std::string> made;
    place const from_place{std::move(above_from), name_of(from)};
    place to_place{{}, name_of(to)};
    error = make_folder_beneath(folder, folder_of(to), &to_place.above,
                                [&](std::string const &path) { made.push_back(path); });
    // Both names, made durable, before the old one goes: no crash and no power cut takes both away.
    if (error == 0) error = link_at(file.get(), before, to_place);
    bool const is_linked = error == 0;
    if (is_linked) error = sync_folder(to_place.above);
    if (is_linked && error == 0) error = sync_made(folder, made);
    if (is_linked && error == 0)
        error = remove_file_beneath(folder, from,
                                    [&](file_identity const &at) { return at.is_same_file(before); });
    if (error == EOPNOTSUPP && !is_linked) {
        error = ::renameat2(from_place.above.get(), from_place.name.c_str(), to_place.above.get(),
                            to_place.name.c_str(), RENAME_NOREPLACE) == 0
                    ? 0
                    : errno;
        if (error == 0) error = sync_folder(to_place.above);
        if (error == 0) error = sync_made(folder, made);
    }
    file_identity after;
    bool const is_same = identity_of(file.get(), &after) == 0 && to_place.has(before) &&
                         (!is_exact || (after.is_same_content(before) && (!is_guarded || guard->holds())));
    if (error == 0 && !is_same) error = ESTALE;
    if (error == 0) error = sync_folder(from_place.above);
    if (error != 0) {
        undo(folder, from_place, to_place, to, before);
        for (auto path = made.rbegin(); path != made.rend(); ++path)
            remove_empty_folder(folder, *path);
        if (error == EEXIST) return {-1, EEXIST, "something stands there already"};
        if (error == ESTALE) return {-1, ESTALE, "the file is not what it was"};
        return error == ELOOP || error == ENOTDIR ? in_the_way() : fault(error, "rename the file");
    }
    remove_empty_folders_above(folder, from);
    *now = after;
    return {};
}

} // namespace clt

extern "C" int32_t clt_file_rename(char const *root, size_t root_length, char const *from, size_t from_length,
                                   char const *to, size_t to_length, int32_t *found,
                                   clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(found != nullptr, "found is NULL");
        std::string const old_path = clt::text_in(from, from_length, "from is NULL");
        std::string const new_path = clt::text_in(to, to_length, "to is NULL");
        clt::require(clt::is_plain_relative_path(old_path) && clt::is_plain_relative_path(new_path) &&
                         old_path != new_path,
                     "the paths are not relative, plain and different");
        clt::descriptor const folder = clt::open_folder(clt::text_in(root, root_length, "root is NULL"));
        if (!folder) throw clt::failure(CLT_IO, "the folder cannot be opened", errno);
        std::optional<clt::file_identity> now;
        clt::file_fault const wrong = clt::rename_file_beneath(
            folder.get(), old_path, new_path, [](clt::file_identity const &) { return true; }, false, &now);
        if (wrong) throw clt::failure(CLT_IO, wrong.what, wrong.error);
        *found = now ? 1 : 0;
    });
}
