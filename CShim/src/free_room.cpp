#include "free_room.hpp"

#include <cerrno>

namespace clt {

uint64_t free_room_of(struct statvfs const &room) noexcept {
    uint64_t bytes = 0;
    return __builtin_mul_overflow(uint64_t(room.f_bavail), uint64_t(room.f_frsize), &bytes) ? UINT64_MAX
                                                                                            : bytes;
}

std::optional<uint64_t> free_room_at(std::string folder) noexcept {
    struct statvfs room {};
    while (::statvfs(folder.c_str(), &room) != 0) {
        size_t const slash = folder.rfind('/');
        if ((errno != ENOENT && errno != ENOTDIR) || slash == std::string::npos) return std::nullopt;
        folder.resize(slash);
        if (folder.empty()) return std::nullopt;
    }
    return free_room_of(room);
}

} // namespace clt
