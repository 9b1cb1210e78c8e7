// Network interfaces, as the kernel has them at this moment.
#pragma once

#include <libtorrent/address.hpp>

#include <optional>
#include <string>
#include <vector>

namespace clt {

struct interface_state {
    unsigned index = 0; // 0: there is no such interface
    bool is_up = false;
    std::vector<lt::address> addresses; // link-local ones of IPv6 left out: no rule can name their link

    bool is_usable() const { return index != 0 && is_up && !addresses.empty(); }
    // Whether what held before holds still: the same interface, up, with every address that it had.
    bool still_has(interface_state const &before) const;
    std::optional<lt::address> address_of_family(bool is_v4) const;
};

// Never throws for an interface that is not there.
interface_state look_at_interface(std::string const &name);

// The names among comma-separated "address:port" or "name:port" (or without ports) that are no addresses.
std::vector<std::string> interfaces_named_in(std::string const &list, bool has_ports);
std::vector<std::string> split_list(std::string const &list);

// Binds a socket to the interface and looks whether that took. Throws NETWORK where it did not: the engine
// would go on with an address instead, and not say so.
void require_binding_to(std::string const &name);

// The index of the interface by which the kernel would send from `source` to `target` now; 0 where it has no
// route.
unsigned route_interface(lt::address const &source, lt::address const &target);

} // namespace clt
