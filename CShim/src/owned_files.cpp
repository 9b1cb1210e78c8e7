#include "owned_files.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace clt {

namespace {

bool take_lease(int file) noexcept {
    // Whoever breaks it is to get no signal to us that ends the process, as SIGIO would.
    if (::fcntl(file, F_SETSIG, SIGURG) != 0 || ::fcntl(file, F_SETLEASE, F_RDLCK) != 0) return false;
    ::fcntl(file, F_SETOWN, 0);
    return true;
}

bool is_regular(struct stat const &status) {
    return S_ISREG(status.st_mode);
}

} // namespace

write_guard::write_guard(int file)
    : file_(file), taken_(take_lease(file)), is_refused_(!taken_ && errno == EAGAIN) {}

write_guard::~write_guard() {
    if (taken_) ::fcntl(file_, F_SETLEASE, F_UNLCK);
}

bool write_guard::holds() const {
    return taken_ && ::fcntl(file_, F_GETLEASE) == F_RDLCK;
}

int remove_file_beneath(int folder, std::string const &path,
                        std::function<bool(file_identity const &)> const &is_ours) noexcept {
    try {
        descriptor above;
        if (int const error = open_folder_beneath(folder, folder_of(path), &above); error != 0)
            return error == ENOENT ? 0 : error == ELOOP || error == ENOTDIR ? ESTALE : error;
        std::string const name = name_of(path);
        struct stat status {};
        if (::fstatat(above.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT ? 0 : errno;
        if (!is_regular(status) || !is_ours(file_identity::of(status))) return ESTALE;
        // Under a name that nobody knows: between a look and a removal by the old name, another file could
        // take its place.
        uint64_t number = 0;
        if (::getrandom(&number, sizeof(number), 0) != sizeof(number)) return EIO;
        char aside[40];
        std::snprintf(aside, sizeof(aside), ".removing-%016llx", static_cast<unsigned long long>(number));
        if (::renameat2(above.get(), name.c_str(), above.get(), aside, RENAME_NOREPLACE) != 0)
            return errno == ENOENT ? 0 : errno;
        struct stat taken {};
        bool const is_same = ::fstatat(above.get(), aside, &taken, AT_SYMLINK_NOFOLLOW) == 0 &&
                             is_regular(taken) && taken.st_dev == status.st_dev &&
                             taken.st_ino == status.st_ino && taken.st_size == status.st_size &&
                             file_identity::of(taken).mtime_ns == file_identity::of(status).mtime_ns;
        if (is_same && ::unlinkat(above.get(), aside, 0) == 0) return 0;
        int const error = is_same ? errno : ESTALE;
        ::renameat2(above.get(), aside, above.get(), name.c_str(), RENAME_NOREPLACE);
        return error;
    } catch (...) {
        return ENOMEM;
    }
}

bool remove_empty_folder(int folder, std::string const &path) noexcept {
    try {
        descriptor above;
        return open_folder_beneath(folder, folder_of(path), &above) == 0 &&
               (::unlinkat(above.get(), name_of(path).c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT);
    } catch (...) {
        return false;
    }
}

void remove_empty_folders_above(int folder, std::string const &path) noexcept {
    try {
        for (std::string at = folder_of(path); !at.empty(); at = folder_of(at))
            if (!remove_empty_folder(folder, at)) return;
    } catch (...) {
        // They stay.
    }
}

} // namespace clt
