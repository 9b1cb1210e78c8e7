// Who may be in one torrent's swarm. It is told; it decides nothing. Network thread only.
#pragma once

#include "clibtorrent.h"

#include <libtorrent/address.hpp>
#include <libtorrent/fwd.hpp>
#include <libtorrent/socket.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace clt {

struct member {
    lt::address first, last;
    uint16_t port; // 0 = any
    uint64_t rule;
    uint32_t source;
    std::string peer_id; // empty: none
};

class membership {
public:
    // Throws INVALID_ARGUMENT where an entry is of an unknown kind or its range is not one.
    static std::vector<member> read(clt_member const *members, uint64_t count);

    void replace(std::vector<member> members);
    std::vector<member> const &all() const { return members_; }

    // The one question of the gate: does this connection match a live member?
    member const *match_incoming(lt::tcp::endpoint const &remote) const;
    // Outgoing too: and were we sent to exactly there? A peer may name other ports and addresses; we do not
    // go.
    member const *match_outgoing(lt::tcp::endpoint const &remote) const;
    bool may_dial(lt::tcp::endpoint const &remote) const;
    // Whose address it is: the one peer ID that entries give to it. Empty where none does, and where several
    // do: whoever connects from a shared address could be any of them.
    std::string identity(lt::tcp::endpoint const &remote) const;
    void allow_dial(lt::tcp::endpoint const &remote) { dialled_.insert(remote); }

private:
    // In the same few steps for one member and for thousands: a refusal must not take longer because many are
    // in.
    bool covers(lt::address const &address) const;

    std::vector<member> members_;
    std::vector<std::pair<lt::address, lt::address>>
        ranges_; // of members_, sorted, joined where they overlap
    std::set<lt::tcp::endpoint> dialled_;
};

} // namespace clt
