// The engine's one queue of events: any thread pushes, one thread drains, an eventfd wakes it.
#pragma once

#include "clibtorrent.h"

#include <mutex>
#include <string>
#include <vector>

namespace clt {

struct event {
    clt_event fields{};
    std::string text;
    std::string data;
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
    // Valid until the next call.
    std::vector<clt_event> const &drain();

private:
    size_t const limit_;
    int fd_ = -1;
    std::mutex mutex_;
    std::vector<event> waiting_; // under mutex_
    uint64_t dropped_ = 0;       // under mutex_
    uint64_t sequence_ = 0;      // under mutex_
    std::vector<event> drained_;
    std::vector<clt_event> handed_out_;
};

} // namespace clt
