#include "held_sockets.hpp"
#include "endpoint.hpp"
#include "own_sockets.hpp"
#include "unlocks.hpp"

#include <algorithm>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace clt {

namespace {

using std::chrono::milliseconds;

// Well above what the engine takes to judge a handshake, MSE's included.
constexpr milliseconds grid{10};
constexpr int near_by = 16;

ino_t inode_of(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode) ? info.st_ino : 0;
}

// Since the other side's last data, as the kernel counts it: in its own ticks, of up to ten milliseconds.
milliseconds silence(int fd) {
    tcp_info info{};
    socklen_t length = sizeof(info);
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return milliseconds::max();
    return milliseconds(info.tcpi_last_data_recv);
}

bool is_accepted_at(int fd, std::vector<lt::tcp::endpoint> const &listeners) {
    auto const local = local_of(fd);
    return local && std::any_of(listeners.begin(), listeners.end(), [&](lt::tcp::endpoint const &at) {
               return at.port() == local->port() &&
                      (at.address().is_unspecified() || at.address() == local->address());
           });
}

} // namespace

held_sockets::~held_sockets() {
    end_all();
}

bool held_sockets::is_held(ino_t inode) const {
    return std::any_of(held_.begin(), held_.end(), [&](one const &o) { return o.inode == inode; });
}

std::vector<lt::tcp::endpoint> held_sockets::hold_accepted(std::vector<lt::tcp::endpoint> const &listeners) {
    std::vector<lt::tcp::endpoint> cut, wanted;
    wanted.swap(accepted_);
#ifndef CLT_TEST_UNLOCK_CLOSE_TIME
    // With several listeners one port of the other side may have a connection to each: all of them are held.
    bool const is_unique = listeners.size() == 1;
    auto const look_at = [&](int fd) {
        auto const remote = peer_of(fd);
        if (!remote) return;
        auto const it = std::find(wanted.begin(), wanted.end(), *remote);
        if (it == wanted.end() || !is_accepted_at(fd, listeners) || is_held(inode_of(fd))) return;
        if (is_unique) wanted.erase(it);
        last_found_ = fd;
        keep_from_children(fd);
        let_receive_buffer_grow(fd, false);
        hold(fd, *remote, cut);
    };
    // A new descriptor is the lowest that is free: mostly near the one before.
    int const near = std::max(3, last_found_ - near_by);
    for (int fd = near; is_unique && !wanted.empty() && fd < near + 2 * near_by; ++fd)
        look_at(fd);
    // What is not found then has gone already.
    if (!wanted.empty())
        each_own_socket([&](int fd) {
            look_at(fd);
            return !wanted.empty();
        });
#else
    static_cast<void>(listeners);
#endif
    return cut;
}

void held_sockets::hold(int fd, lt::tcp::endpoint const &remote, std::vector<lt::tcp::endpoint> &cut) {
    lt::address const address = normalised(remote.address());
    auto const is_there = [&](one const &o) { return normalised(o.remote.address()) == address; };
    if (size_t(std::count_if(held_.begin(), held_.end(), is_there)) >= most_) {
        auto const oldest = std::find_if(held_.begin(), held_.end(), is_there);
        end_connection(oldest->second);
        ::close(oldest->second);
        cut.push_back(oldest->remote);
        held_.erase(oldest);
    }
    int const second = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (second < 0) {
        end_connection(fd);
        cut.push_back(remote);
        return;
    }
    held_.push_back({remote, fd, second, inode_of(second)});
    if (is_ticking_) return;
    is_ticking_ = true;
    timer_.expires_after(grid +
                         std::uniform_int_distribution<int>(0, 5000)(random_) * std::chrono::microseconds(1));
    schedule();
}

void held_sockets::schedule() {
    timer_.async_wait([this](boost::system::error_code const &error) {
        if (!error) on_tick();
    });
}

void held_sockets::on_tick() {
    auto const now = clock::now();
    for (auto it = held_.begin(); it != held_.end();) {
        bool const is_closed = inode_of(it->first) != it->inode;
        // Who goes on sending does not hold it open for ever; nor does it learn by that when it was closed.
        if (is_closed && it->at_last == clock::time_point{})
            it->at_last = now + std::uniform_int_distribution<int>(500, 1500)(random_) * milliseconds(1);
        if (!is_closed || (silence(it->second) < grid && now < it->at_last)) {
            ++it;
            continue;
        }
        ::close(it->second);
        it = held_.erase(it);
    }
    is_ticking_ = !held_.empty();
    if (!is_ticking_) return;
    // Not after equal times: how long a thread takes to wake, tens of microseconds, hangs on what it did
    // before.
    timer_.expires_at(now + std::uniform_int_distribution<int>(5000, 15000)(random_) *
                                std::chrono::microseconds(1));
    schedule();
}

void held_sockets::let_go(lt::tcp::endpoint const &remote) {
    for (auto it = held_.begin(); it != held_.end();) {
        if (it->remote != remote) {
            ++it;
            continue;
        }
        ::close(it->second);
        it = held_.erase(it);
    }
}

void held_sockets::end_all() {
    for (one const &o : held_) {
        end_connection(o.second);
        ::close(o.second);
    }
    held_.clear();
}

} // namespace clt
