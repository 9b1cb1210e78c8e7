// Silence towards strangers: a classic-BPF filter on our listening sockets, so that the kernel does not even
// answer a SYN that is no member's.
#pragma once

#include "membership.hpp"

#include <linux/filter.h>

#include <vector>

namespace clt {

struct address_range {
    lt::address first, last;
};

struct stealth_filter {
    std::vector<sock_filter> program;
    // The kernel takes 4,096 instructions, about 1,300 IPv4 ranges: above that, neighbouring ranges are
    // joined. Whoever lies between sees an open port, and is refused at accept all the same.
    bool is_widened = false;
};

// Lets packets in whose source lies in one of the ranges. An IPv6 range counts as the prefix that covers it,
// which for CIDR blocks is the same.
stealth_filter build_stealth_filter(std::vector<address_range> ranges);

// Puts the filter on the listening socket of this process at `endpoint`, in place of the one before;
// connections that stand are not touched. Throws NETWORK where there is no such socket or the kernel refuses.
void attach_stealth_filter(lt::tcp::endpoint const &endpoint, stealth_filter const &filter);

} // namespace clt
