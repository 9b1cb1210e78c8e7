#include "member_union.hpp"

#include <libtorrent/ip_filter.hpp>

#include <algorithm>

namespace clt {

bool member_union::set(clt_torrent_id torrent, std::vector<member> const &members) {
    std::vector<range> now;
    now.reserve(members.size());
    for (member const &m : members)
        now.emplace_back(m.first, m.last);
    std::sort(now.begin(), now.end());
    now.erase(std::unique(now.begin(), now.end()), now.end());

    bool changed = false;
    for (range const &r : now)
        if (++torrents_[r] == 1) changed = true;
    auto const before = ranges_.find(torrent);
    if (before != ranges_.end()) {
        for (range const &r : before->second) {
            auto const it = torrents_.find(r);
            if (--it->second > 0) continue;
            torrents_.erase(it);
            changed = true;
        }
    }
    if (!now.empty())
        ranges_[torrent] = std::move(now);
    else if (before != ranges_.end())
        ranges_.erase(before);
    return changed;
}

void member_union::add_to(lt::ip_filter &filter) const {
    for (auto const &[r, count] : torrents_)
        filter.add_rule(r.first, r.second, 0);
}

} // namespace clt
