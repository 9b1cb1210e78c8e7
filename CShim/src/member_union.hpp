// Who is a member of any torrent: what the session's filter lets in. Kept so that a torrent which brings
// nobody new costs the filter nothing: with thousands of torrents it is not built anew for each. Network
// thread only.
#pragma once

#include "membership.hpp"

#include <cstddef>
#include <map>

namespace clt {

class member_union {
public:
    // A torrent's members, as they are now; none where it is gone. Returns whether anybody came or went.
    bool set(clt_torrent_id torrent, std::vector<member> const &members);
    void add_to(lt::ip_filter &filter) const;

private:
    using range = std::pair<lt::address, lt::address>;

    std::map<range, size_t> torrents_; // how many torrents have it
    std::map<clt_torrent_id, std::vector<range>> ranges_;
};

} // namespace clt
