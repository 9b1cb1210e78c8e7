// Counts refusals by address and by reason, remembers the last ones, and says so at a bounded rate: the first
// at once, the rest summed up. Bounded in memory too, and cheap: a flood comes through here. Network thread
// only.
#pragma once

#include "event_queue.hpp"

#include <libtorrent/address.hpp>
#include <libtorrent/socket.hpp>

#include <array>
#include <list>
#include <unordered_map>
#include <vector>

namespace clt {

class refusal_log {
public:
    static constexpr size_t reason_count = 16; // above the largest clt_refusal

    struct snapshot {
        std::vector<clt_refused> latest; // the last try first
        std::array<uint64_t, reason_count> totals{};
        uint64_t forgotten = 0;
    };

    explicit refusal_log(event_queue &events) : events_(events) {}
    void add(clt_torrent_id torrent, lt::tcp::endpoint const &remote, clt_direction direction,
             clt_refusal why);
    // Call a few times a second: sends what came since, at most `burst` events.
    void flush();
    snapshot look() const;

private:
    static constexpr int burst = 32;

    struct key {
        clt_torrent_id torrent;
        lt::address address;
        bool operator==(key const &other) const {
            return torrent == other.torrent && address == other.address;
        }
    };
    struct key_hash {
        size_t operator()(key const &k) const noexcept;
    };
    struct entry {
        key of;
        clt_refused what;
        bool unsaid;
    };
    // The least recently refused first: that one is forgotten when there are too many.
    struct table {
        std::list<entry> entries;
        std::unordered_map<key, std::list<entry>::iterator, key_hash> by_key;
    };

    static constexpr size_t capacity = 1024; // of each table

    entry &touch(table &in, key const &of);
    void say(entry &e);

    event_queue &events_;
    // Apart, so that a flood from any number of addresses does not push out what members did.
    table members_, strangers_;
    std::array<uint64_t, reason_count> totals_{};
    uint64_t forgotten_ = 0;
    int at_once_ = burst; // how many more may be said before the next flush
};

} // namespace clt
