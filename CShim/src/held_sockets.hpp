// Connections that no torrent has taken yet, each kept open by a second descriptor, so that the moment at
// which the other side sees its close says nothing of what the engine did before it closed: a member of one
// torrent would tell by a few microseconds whether another is here. The close is seen at the first tick that
// is at least ten milliseconds after the last byte came from the other side; ticks are five to fifteen
// milliseconds apart, by chance: nothing of this depends on when the engine was done. Network thread only.
#pragma once

#include <libtorrent/address.hpp>
#include <libtorrent/io_context.hpp>
#include <libtorrent/socket.hpp>

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <random>
#include <sys/types.h>
#include <vector>

namespace clt {

class held_sockets {
public:
    // `most`: of one address.
    held_sockets(lt::io_context &network, size_t most) : timer_(network), most_(most) {}
    ~held_sockets();
    held_sockets(held_sockets const &) = delete;
    held_sockets &operator=(held_sockets const &) = delete;

    // The engine has accepted it: hold_accepted() is to come before the engine reads from it.
    void accepted(lt::tcp::endpoint const &remote) { accepted_.push_back(remote); }
    // Returns whom it has cut: the oldest above an address's share, and those that cannot be held for want of
    // descriptors. `listeners` are the engine's own: sockets of others are not looked at.
    std::vector<lt::tcp::endpoint> hold_accepted(std::vector<lt::tcp::endpoint> const &listeners);
    // A torrent has taken it: the engine's close is seen at once from here on.
    void let_go(lt::tcp::endpoint const &remote);
    // Ends them all, and every connection that they hold open.
    void end_all();

private:
    using clock = std::chrono::steady_clock;
    struct one {
        lt::tcp::endpoint remote;
        int first, second; // the engine's descriptor, and ours
        ino_t inode;       // of the socket
        clock::time_point
            at_last{}; // closed then, whatever the other side sends; set when the engine has closed
    };

    bool is_held(ino_t inode) const;
    void hold(int fd, lt::tcp::endpoint const &remote, std::vector<lt::tcp::endpoint> &cut);
    void schedule();
    void on_tick();

    boost::asio::steady_timer timer_;
    size_t const most_;
    std::vector<lt::tcp::endpoint> accepted_;
    std::list<one> held_; // oldest first
    int last_found_ = 0;
    bool is_ticking_ = false;
    std::random_device random_;
};

} // namespace clt
