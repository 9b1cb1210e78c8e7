#include "free_room.hpp"

#include <cerrno>
#include <sys/statvfs.h>

namespace clt {

std::optional<uint64_t> free_room_at(std::string folder) noexcept {
    struct statvfs room {};
    while (::statvfs(folder.c_str(), &room) != 0) {
        size_t const slash = folder.rfind('/');
        if ((errno != ENOENT && errno != ENOTDIR) || slash == std::string::npos) return std::nullopt;
        folder.resize(slash);
        if (folder.empty()) return std::nullopt;
    }
    return uint64_t(room.f_bavail) * uint64_t(room.f_frsize);
}

} // namespace clt
