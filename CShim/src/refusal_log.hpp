// Counts refusals by address and says so at a bounded rate: the first at once, the rest summed up. Bounded in
// memory too. Network thread only.
#pragma once

#include "event_queue.hpp"

#include <libtorrent/address.hpp>
#include <libtorrent/socket.hpp>
#include <map>

namespace clt {

class refusal_log {
public:
    explicit refusal_log(event_queue &events) : events_(events) {}
    void add(clt_torrent_id torrent, lt::tcp::endpoint const &remote, clt_direction direction,
             clt_refusal why);
    // Call a few times a second: sends what came since, at most `burst` events.
    void flush();

private:
    static constexpr size_t capacity = 1024;
    static constexpr int burst = 32;

    struct entry {
        event last;
        uint64_t tries = 0;
        bool unsaid = false;
    };
    using key = std::pair<clt_torrent_id, lt::address>;

    void say(entry &e);

    event_queue &events_;
    std::map<key, entry> entries_;
    key last_said_{};
};

} // namespace clt
