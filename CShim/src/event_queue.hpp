// The engine's one queue of events: any thread pushes, one thread drains, an eventfd wakes it.
#pragma once

#include "clibtorrent.h"

#include <boost/shared_array.hpp>
#include <mutex>
#include <string>
#include <vector>

namespace clt {

struct event {
    clt_event fields{};
    std::string text;
    std::string data;
    // Instead of `data`, where the bytes are somebody's already.
    boost::shared_array<char> shared;
    size_t shared_size = 0;
};

int64_t monotonic_ns() noexcept; // CLOCK_MONOTONIC
event make_event(clt_event_kind kind, clt_torrent_id torrent = 0);

class event_queue {
public:
    explicit event_queue(size_t limit);
    ~event_queue();
    event_queue(event_queue const &) = delete;
    event_queue &operator=(event_queue const &) = delete;

    int fd() const noexcept { return fd_; }
    // Past the limit the event is counted instead, and the next batch ends with a gap. Answers to a request
    // are never dropped, nor are the milestones of a torrent: somebody waits for each, and there are only so
    // many.
    void push(event e);
    // A peer's message: false, and nothing is kept, where more of them wait than may. They are bounded in
    // bytes too, since peers decide how large they are.
    bool push_message(event e);
    // Valid until the next call.
    std::vector<clt_event> const &drain();

private:
    void append(event e); // under mutex_

    size_t const limit_;
    int fd_ = -1;
    std::mutex mutex_;
    std::vector<event> waiting_; // under mutex_
    uint64_t dropped_ = 0;       // under mutex_
    size_t message_bytes_ = 0;   // under mutex_; of those that wait
    uint64_t sequence_ = 0;      // under mutex_
    std::vector<event> drained_;
    std::vector<clt_event> handed_out_;
};

} // namespace clt
