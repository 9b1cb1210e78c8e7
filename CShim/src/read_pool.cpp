#include "read_pool.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <system_error>

namespace clt {

read_pool::~read_pool() {
    abort(true);
}

void read_pool::add(std::unique_ptr<job> job) {
    {
        std::lock_guard const lock(mutex_);
        if (!ending_) {
            waiting_.push_back(std::move(job));
            return;
        }
    }
    job->error = ECANCELED;
    completed(std::move(job));
}

void read_pool::submit() {
    size_t jobs;
    size_t idle;
    {
        std::lock_guard const lock(mutex_);
        jobs = waiting_.size();
        idle = idle_;
        if (jobs == 0 || ending_) return;
    }
    for (; idle < jobs && threads_.size() < most_; ++idle) {
        try {
            threads_.emplace_back([this] { work(); });
        } catch (std::system_error const &) {
            break; // fewer will do
        }
    }
    if (threads_.empty()) {
        // None can be had: better slowly than never.
        for (;;) {
            std::unique_lock lock(mutex_);
            if (waiting_.empty()) return;
            std::unique_ptr<job> next = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            next->run();
            completed(std::move(next));
        }
    }
    if (jobs == 1)
        wake_.notify_one();
    else
        wake_.notify_all();
}

void read_pool::work() {
    // The network thread goes on until the last job is back there.
    auto const guard = boost::asio::make_work_guard(network_);
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        wake_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
        --idle_;
        if (ending_) return;
        std::unique_ptr<job> next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        next->run();
        completed(std::move(next));
        lock.lock();
    }
}

void read_pool::completed(std::unique_ptr<job> job) {
    std::lock_guard const lock(completed_mutex_);
    completed_.push_back(std::move(job));
    if (is_posted_) return;
    is_posted_ = true;
    boost::asio::post(network_, [this] { finish_completed(); });
}

void read_pool::finish_completed() {
    std::deque<std::unique_ptr<job>> jobs;
    {
        std::lock_guard const lock(completed_mutex_);
        jobs.swap(completed_);
        is_posted_ = false;
    }
    while (!jobs.empty()) {
        std::unique_ptr<job> const next = std::move(jobs.front());
        jobs.pop_front();
        try {
            next->finish();
        } catch (...) {
            // The others still get their answers; this goes to whoever runs the network thread.
            for (; !jobs.empty(); jobs.pop_front())
                completed(std::move(jobs.front()));
            throw;
        }
    }
}

void read_pool::abort(bool wait) {
    std::deque<std::unique_ptr<job>> dropped;
    {
        std::lock_guard const lock(mutex_);
        ending_ = true;
        dropped.swap(waiting_);
    }
    wake_.notify_all();
    for (auto &job : dropped) {
        job->error = ECANCELED;
        completed(std::move(job));
    }
    if (!wait) return;
    for (std::thread &thread : threads_)
        thread.join();
    threads_.clear();
}

} // namespace clt
