// A few threads for what may wait for a disk, and the way back to the network thread.
#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/io_context.hpp>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace clt {

// All of it is the network thread's, but for what runs on the pool's threads.
class read_pool {
public:
    read_pool(lt::io_context &network, unsigned threads) : network_(network), most_(threads) {}
    ~read_pool();
    read_pool(read_pool const &) = delete;
    read_pool &operator=(read_pool const &) = delete;

    // `work()` runs on a thread of the pool; then `finish(result, 0)` on the network thread. Where there was
    // no memory for it, `finish({}, ENOMEM)`; where the pool was told to end before, `finish({}, ECANCELED)`.
    // Jobs wait for submit().
    template <typename Work, typename Finish> void add(Work work, Finish finish) {
        add(std::make_unique<job_of<Work, Finish>>(std::move(work), std::move(finish)));
    }
    // Wakes as many threads as there is work for.
    void submit();
    void resize(unsigned threads) { most_ = threads; }
    // Runs nothing more: what waits is finished as aborted. What a thread is at, it ends.
    void abort(bool wait);

private:
    struct job {
        virtual ~job() = default;
        virtual void run() = 0;
        virtual void finish() = 0;
        int error = 0;
    };

    template <typename Work, typename Finish> struct job_of final : job {
        job_of(Work w, Finish f) : work(std::move(w)), done(std::move(f)) {}
        void run() override {
            try {
                result = work();
            } catch (...) {
                this->error = ENOMEM; // nothing else is thrown
            }
        }
        void finish() override { done(std::move(result), this->error); }

        Work work;
        Finish done;
        std::invoke_result_t<Work &> result{};
    };

    void add(std::unique_ptr<job> job);
    void work();
    void completed(std::unique_ptr<job> job);
    void finish_completed();

    lt::io_context &network_;
    unsigned most_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<job>> waiting_;
    unsigned idle_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_; // network thread only

    // One message to the network thread is under way at a time, however many jobs are done meanwhile.
    std::mutex completed_mutex_;
    std::deque<std::unique_ptr<job>> completed_;
    bool is_posted_ = false;
};

} // namespace clt
