#include "descriptor_reserve.hpp"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/resource.h>
#include <unistd.h>

namespace clt {

void descriptor_reserve::release() {
    for (int const fd : held_)
        ::close(fd);
    held_.clear();
}

bool descriptor_reserve::refill() {
    while (held_.size() < size) {
        int const fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            release();
            return false;
        }
        held_.push_back(fd);
    }
    return true;
}

long free_descriptor_count() {
    rlimit limit{};
    std::unique_ptr<DIR, int (*)(DIR *)> const folder(::opendir("/proc/self/fd"), &::closedir);
    if (!folder || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    long open = -3; // ".", ".." and the folder's own
    while (::readdir(folder.get()) != nullptr)
        ++open;
    return long(std::min<rlim_t>(limit.rlim_cur, 1 << 20)) - open;
}

} // namespace clt
