#include "newcomers.hpp"
#include "endpoint.hpp"
#include "own_sockets.hpp"

#include <algorithm>
#include <iterator>

namespace clt {

void newcomers::accepted(lt::tcp::endpoint const &remote) {
    auto &ones = waiting_[normalised(remote.address())];
    ones.push_back({remote, clock::now()});
    is_over_ |= ones.size() > most_;
}

void newcomers::attached(lt::tcp::endpoint const &remote) {
    auto const found = waiting_.find(normalised(remote.address()));
    if (found == waiting_.end()) return;
    auto &ones = found->second;
    // From the back: who has just come attaches first.
    auto const it =
        std::find_if(ones.rbegin(), ones.rend(), [&](one const &o) { return o.remote == remote; });
    if (it != ones.rend()) ones.erase(std::next(it).base());
    if (ones.empty()) waiting_.erase(found);
}

std::vector<lt::tcp::endpoint> newcomers::enforce() {
    if (!is_over_ || clock::now() - last_cut_ < std::chrono::milliseconds(50)) return {};
    is_over_ = false;
    last_cut_ = clock::now();
    return shrink_to(most_);
}

void newcomers::cut_all() {
    shrink_to(0);
}

void newcomers::forget_old(std::chrono::seconds handshake_timeout) {
    auto const oldest = clock::now() - 2 * handshake_timeout;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
        auto &ones = it->second;
        while (!ones.empty() && ones.front().since < oldest)
            ones.pop_front();
        it = ones.empty() ? waiting_.erase(it) : std::next(it);
    }
}

std::vector<lt::tcp::endpoint> newcomers::shrink_to(size_t most) {
    std::map<lt::tcp::endpoint, int> open;
    each_own_socket([&](int fd) {
        if (auto const remote = peer_of(fd)) open[*remote] = fd;
        return true;
    });
    std::vector<lt::tcp::endpoint> cut;
    for (auto &[address, ones] : waiting_) {
        if (ones.size() <= most) continue;
        std::deque<one> left;
        std::copy_if(ones.begin(), ones.end(), std::back_inserter(left),
                     [&](one const &o) { return open.count(o.remote) != 0; });
        for (; left.size() > most; left.pop_front()) {
            end_connection(open.at(left.front().remote));
            cut.push_back(left.front().remote);
        }
        ones = std::move(left);
    }
    return cut;
}

} // namespace clt
