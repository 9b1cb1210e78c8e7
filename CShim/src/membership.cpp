#include "membership.hpp"
#include "bytes.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "unlocks.hpp"

#include <algorithm>

namespace clt {

std::vector<member> membership::read(clt_member const *members, uint64_t count) {
    require(members != nullptr || count == 0, "members is NULL with a count");
    std::vector<member> out;
    // An array of the caller's structs: its stride is the caller's struct_size, not ours.
    auto const *at = reinterpret_cast<char const *>(members);
    for (uint64_t i = 0; i < count; ++i) {
        clt_member const m = read_struct(reinterpret_cast<clt_member const *>(at));
        at += m.struct_size;
        require(m.kind == CLT_MEMBER_ADDRESS_RANGE, "a member is of an unknown kind");
        lt::address const first = endpoint_in(m.first).address();
        lt::address const last = endpoint_in(m.last).address();
        require(first.is_v4() == last.is_v4() && !(last < first), "a member's address range is not one");
        require(m.peer_id_length <= CLT_PEER_ID_MAX, "a member's peer_id is longer than CLT_PEER_ID_MAX");
        out.push_back({first, last, m.first.port, m.rule, m.source,
                       text_in(m.peer_id, m.peer_id_length, "a member's peer_id is NULL with a length")});
    }
    return out;
}

namespace {

bool lies_in(member const &m, lt::address const &address) {
    return m.first.is_v4() == address.is_v4() && !(address < m.first) && !(m.last < address);
}

} // namespace

void membership::replace(std::vector<member> members) {
    members_ = std::move(members);
    std::vector<std::pair<lt::address, lt::address>> ranges;
    for (member const &m : members_)
        ranges.emplace_back(m.first, m.last);
    std::sort(ranges.begin(), ranges.end());
    ranges_.clear();
    for (auto const &range : ranges) {
        bool const overlaps = !ranges_.empty() && ranges_.back().first.is_v4() == range.first.is_v4() &&
                              !(ranges_.back().second < range.first);
        if (!overlaps)
            ranges_.push_back(range);
        else if (ranges_.back().second < range.second)
            ranges_.back().second = range.second;
    }
}

bool membership::covers(lt::address const &address) const {
    auto const after =
        std::upper_bound(ranges_.begin(), ranges_.end(), address,
                         [](lt::address const &a, auto const &range) { return a < range.first; });
    if (after == ranges_.begin()) return false;
    auto const &range = *std::prev(after);
    return range.first.is_v4() == address.is_v4() && !(range.second < address);
}

member const *membership::match_incoming(lt::tcp::endpoint const &remote) const {
    lt::address const address = normalised(remote.address());
    if (!covers(address)) return nullptr;
    for (member const &m : members_)
        if (lies_in(m, address)) return &m;
    return nullptr;
}

std::string membership::identity(lt::tcp::endpoint const &remote) const {
    lt::address const address = normalised(remote.address());
    std::string found;
    for (member const &m : members_) {
        if (m.peer_id.empty() || !lies_in(m, address)) continue;
        if (!found.empty() && found != m.peer_id) return {};
        found = m.peer_id;
    }
    return found;
}

bool membership::may_dial(lt::tcp::endpoint const &remote) const {
    lt::address const address = normalised(remote.address());
    for (member const &m : members_)
        if (lies_in(m, address) && (m.port == 0 || m.port == remote.port())) return true;
    return false;
}

member const *membership::match_outgoing(lt::tcp::endpoint const &remote) const {
    lt::tcp::endpoint const normal(normalised(remote.address()), remote.port());
// Both: where a peer named another port, this holds although its keys were read.
#if !defined(CLT_TEST_UNLOCK_DIAL_ONLY_WHERE_SENT) && !defined(CLT_TEST_UNLOCK_PEER_KEYS)
    if (dialled_.count(normal) == 0 || !may_dial(normal)) return nullptr;
#endif
    return match_incoming(normal);
}

} // namespace clt
