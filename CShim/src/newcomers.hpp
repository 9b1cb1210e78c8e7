// Connections that a member's address has made and that have not said yet which torrent they want. The engine
// shows them to no plugin, and holds each until its time is out: so that one address cannot hold them all,
// the oldest of those above its share are cut. Network thread only.
#pragma once

#include <libtorrent/address.hpp>
#include <libtorrent/socket.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <vector>

namespace clt {

class newcomers {
public:
    // `most`: of one address.
    explicit newcomers(size_t most) : most_(most) {}

    void accepted(lt::tcp::endpoint const &remote);
    // It has shown its handshake, and is a torrent's from here on.
    void attached(lt::tcp::endpoint const &remote);
    // Cuts what is above an address's share, and returns whom. Cheap where nothing is, and done at most
    // twenty times a second: each time, every descriptor of the process is looked at. Call after connections
    // came, and now and then.
    std::vector<lt::tcp::endpoint> enforce();
    // Cuts them all: descriptors have run out.
    void cut_all();
    // Call now and then: forgets those whose time for a handshake is long out.
    void forget_old(std::chrono::seconds handshake_timeout);

private:
    using clock = std::chrono::steady_clock;
    struct one {
        lt::tcp::endpoint remote;
        clock::time_point since;
    };

    std::vector<lt::tcp::endpoint> shrink_to(size_t most);

    size_t const most_;
    std::map<lt::address, std::deque<one>>
        waiting_; // oldest first; some may have gone: the engine does not say
    bool is_over_ = false;
    clock::time_point last_cut_{};
};

} // namespace clt
