#include "beneath.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace clt {

namespace {

constexpr int read_flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
constexpr int look_flags = O_PATH | O_CLOEXEC;

int retry_open(int folder, char const *path, int flags) noexcept {
    for (;;) {
        int const fd = ::openat(folder, path, flags);
        if (fd >= 0 || errno != EINTR) return fd;
    }
}

// For kernels before 5.6, and sandboxes that do not know openat2.
int open_stepwise(int folder, std::string path, int flags, descriptor *file) noexcept {
    descriptor at;
    size_t start = 0;
    for (size_t slash; (slash = path.find('/', start)) != std::string::npos; start = slash + 1) {
        path[slash] = '\0';
        descriptor next(retry_open(at ? at.get() : folder, path.c_str() + start,
                                   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) {
            int const error = errno;
            // A link is not said to be one here, as openat2 says it.
            struct stat status {};
            bool const is_link =
                ::fstatat(at ? at.get() : folder, path.c_str() + start, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                S_ISLNK(status.st_mode);
            return is_link ? ELOOP : error;
        }
        at = std::move(next);
    }
    *file = descriptor(retry_open(at ? at.get() : folder, path.c_str() + start, flags | O_NOFOLLOW));
    return *file ? 0 : errno;
}

int open_any(int folder, std::string const &path, int flags, descriptor *file) noexcept {
    struct open_how how {};
    how.flags = static_cast<uint64_t>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    for (;;) {
        long const fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof(how));
        if (fd >= 0) {
            *file = descriptor(static_cast<int>(fd));
            return 0;
        }
        if (errno == ENOSYS || errno == EPERM) return open_stepwise(folder, path, flags, file);
        if (errno != EINTR && errno != EAGAIN) return errno;
    }
}

int open_regular(int folder, std::string const &path, int flags, descriptor *file,
                 struct stat *status) noexcept {
    descriptor opened;
    if (int const error = open_any(folder, path, flags, &opened); error != 0) return error;
    if (::fstat(opened.get(), status) != 0) return errno;
    if (S_ISDIR(status->st_mode)) return EISDIR;
    if (S_ISLNK(status->st_mode)) return ELOOP; // O_PATH opens the link itself, stepwise
    if (!S_ISREG(status->st_mode)) return ENXIO;
    *file = std::move(opened);
    return 0;
}

} // namespace

descriptor::~descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

bool is_want_of_descriptors(int error) {
    return error == EMFILE || error == ENFILE;
}

descriptor open_folder(std::string const &path) {
    return descriptor(retry_open(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

bool is_plain_relative_path(std::string const &path) {
    if (path.empty() || path.find('\0') != std::string::npos) return false;
    for (size_t start = 0; start <= path.size();) {
        size_t const end = std::min(path.find('/', start), path.size());
        std::string const part = path.substr(start, end - start);
        if (part.empty() || part == "." || part == "..") return false;
        start = end + 1;
    }
    return true;
}

std::string folder_of(std::string const &path) {
    size_t const slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of(std::string const &path) {
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

int make_folder_beneath(int folder, std::string const &path, descriptor *out,
                        std::function<void(std::string const &)> const &made) {
    int error = open_folder_beneath(folder, path, out);
    if (error != ENOENT) return error;
    descriptor above;
    error = make_folder_beneath(folder, folder_of(path), &above, made);
    if (error != 0) return error;
    if (::mkdirat(above.get(), name_of(path).c_str(), 0777) == 0)
        made(path);
    else if (errno != EEXIST)
        return errno;
    return open_folder_beneath(above.get(), name_of(path), out);
}

int open_file_beneath(int folder, std::string const &path, descriptor *file, struct stat *status) noexcept {
    return open_regular(folder, path, read_flags, file, status);
}

int stat_file_beneath(int folder, std::string const &path, struct stat *status) noexcept {
    descriptor file;
    return open_regular(folder, path, look_flags, &file, status);
}

int open_folder_beneath(int folder, std::string const &path, descriptor *out) noexcept {
    return open_any(folder, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, out);
}

} // namespace clt
