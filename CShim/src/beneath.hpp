// Files below a folder, opened without following a symbolic link anywhere on the way.
#pragma once

#include <functional>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace clt {

// A file descriptor that closes itself.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int fd) : fd_(fd) {}
    descriptor(descriptor &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    descriptor &operator=(descriptor &&other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor();
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

// No file could be opened, of this process or of the system.
bool is_want_of_descriptors(int error);

// The folder itself may be reached through links: it is the user's own choice.
descriptor open_folder(std::string const &path);

// Whether `path` is relative, '/'-separated, and has no component that is empty, "." or "..", and no NUL
// byte.
bool is_plain_relative_path(std::string const &path);

// Of a plain relative path: what stands above its last component ("" for none), and that component.
std::string folder_of(std::string const &path);
std::string name_of(std::string const &path);

// Opens a regular file for reading. Returns 0 or an errno: ELOOP for a link on the way, EISDIR for a folder,
// ENXIO for a FIFO, socket or device, which cannot make this wait.
int open_file_beneath(int folder, std::string const &path, descriptor *file, struct stat *status) noexcept;
// Looks at a regular file without opening it: needs no right to read it, and waits for no device. Returns the
// same.
int stat_file_beneath(int folder, std::string const &path, struct stat *status) noexcept;
// Opens a folder below another; "" is that one itself. Returns 0 or an errno.
int open_folder_beneath(int folder, std::string const &path, descriptor *out) noexcept;
// The same, making what is missing of it; `made` is told of each folder that was.
int make_folder_beneath(int folder, std::string const &path, descriptor *out,
                        std::function<void(std::string const &)> const &made);

} // namespace clt
