#include "file_identity.hpp"

#include <cerrno>

namespace clt {

namespace {

int64_t nanoseconds(struct timespec const &t) {
    return int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

} // namespace

file_identity file_identity::of(struct stat const &status) {
    file_identity out;
    out.device = status.st_dev;
    out.inode = status.st_ino;
    out.size = static_cast<uint64_t>(status.st_size);
    out.mtime_ns = nanoseconds(status.st_mtim);
    out.ctime_ns = nanoseconds(status.st_ctim);
    return out;
}

file_identity file_identity::of(clt_file_identity const &given) {
    return {given.device, given.inode, given.size, given.mtime_ns, given.ctime_ns};
}

clt_file_identity file_identity::out() const {
    clt_file_identity out{};
    out.struct_size = sizeof(out);
    out.is_known = 1;
    out.device = device;
    out.inode = inode;
    out.size = size;
    out.mtime_ns = mtime_ns;
    out.ctime_ns = ctime_ns;
    return out;
}

bool file_identity::operator==(file_identity const &other) const {
    return is_same_content(other) && ctime_ns == other.ctime_ns;
}

int identity_of(int file, file_identity *out) {
    struct stat status {};
    if (::fstat(file, &status) != 0) return errno;
    *out = file_identity::of(status);
    return 0;
}

} // namespace clt
