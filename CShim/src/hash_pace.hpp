// So many bytes a second, for several threads together.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace clt {

// Thread-safe.
class hash_pace {
public:
    // Bytes a second; 0: as fast as they come. Those who wait go by the new rate.
    void set(uint64_t rate);
    // How much to read at a time, at most `most`: where the rate is low, a little at a time.
    size_t portion(size_t most) const;
    // Waits until `count` bytes may be read. False where `stop()` holds; it is asked again after wake().
    template <typename Stop> bool wait(size_t count, Stop stop) {
        if (rate_ == 0) return !stop();
        std::unique_lock lock(mutex_);
        for (;;) {
            if (stop()) return false;
            if (rate_ == 0) return true;
            auto const now = clock::now();
            if (now >= free_at_) {
                // A thread that was kept elsewhere does not catch up: the disk is to be spared.
                free_at_ = now + std::chrono::nanoseconds(int64_t(1e9 * double(count) / double(rate_)));
                return true;
            }
            changed_.wait_until(lock, free_at_);
        }
    }
    void wake();

private:
    using clock = std::chrono::steady_clock;

    std::atomic<uint64_t> rate_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
    clock::time_point free_at_{}; // when the next bytes may be read
};

} // namespace clt
