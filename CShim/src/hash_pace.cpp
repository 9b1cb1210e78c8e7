#include "hash_pace.hpp"

#include <algorithm>

namespace clt {

namespace {
constexpr uint64_t least_rate = 1024; // bytes a second: less is no rate at which anything ends
constexpr size_t least_portion = 4096;
} // namespace

void hash_pace::set(uint64_t rate) {
    std::lock_guard const lock(mutex_);
    rate_ = rate == 0 ? 0 : std::max(rate, least_rate);
    free_at_ = {};
    changed_.notify_all();
}

size_t hash_pace::portion(size_t most) const {
    uint64_t const rate = rate_;
    if (rate == 0) return most;
    return std::clamp<uint64_t>(rate / 10, std::min(least_portion, most), most);
}

void hash_pace::wake() {
    std::lock_guard const lock(mutex_); // whoever is about to wait has not looked yet, or waits
    changed_.notify_all();
}

} // namespace clt
