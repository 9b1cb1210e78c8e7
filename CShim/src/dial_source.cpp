#include "dial_source.hpp"
#include "internals.hpp"
#include "unlocks.hpp"

#include <libtorrent/operations.hpp>
#include <libtorrent/settings_pack.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

namespace clt {

namespace {

// No interface can have this name: a dial that is to be bound to it fails before its socket sends anything.
constexpr char nowhere[] = "/";
// The engine's cursor into the list has 8 bits: what stands this often at the list's front is what it takes.
constexpr int times = 256;

} // namespace

dial_source::dial_source(std::string const &outgoing_interfaces) {
#ifdef CLT_TEST_UNLOCK_BINDING
    is_free_ = true;
    return;
#endif
    for (std::string const &entry : split_list(outgoing_interfaces)) {
        boost::system::error_code not_an_address;
        lt::address const address = lt::make_address(entry, not_an_address);
        if (not_an_address) {
            if (!device_) device_ = entry;
        } else if (auto &family = address.is_v4() ? v4_ : v6_; !family) {
            family = entry;
        }
    }
    is_free_ = !device_ && !v4_ && !v6_;
}

void dial_source::open(lt::io_context &io, lt::session &session, interface_watch const &interfaces) {
    io_ = &io;
    session_ = &session;
    interfaces_ = &interfaces;
    apply(at_rest());
}

void dial_source::close() {
    session_ = nullptr;
}

void dial_source::set_suspended(bool is_suspended) {
    is_suspended_ = is_suspended;
    refresh();
}

void dial_source::listening_at(lt::address const &address) {
    listening_at_.insert(address);
    refresh();
}

void dial_source::refresh() {
    if (session_ != nullptr) apply(at_rest());
}

// Between dials the setting says which local addresses a peer may have reached us at: the engine compares.
std::string dial_source::at_rest() const {
    if (is_free_) return {};
    if (is_suspended_) return nowhere;
    std::string out;
    auto add = [&](std::string const &entry) { out += (out.empty() ? "" : ",") + entry; };
    if (device_) {
        for (lt::address const &address : interfaces_->state(*device_).addresses)
            add(address.to_string());
        return out.empty() ? nowhere : out;
    }
    for (auto const &family : {v4_, v6_}) {
        if (!family) continue;
        // Where any local address will do, there is nothing to compare with.
        if (lt::make_address(*family).is_unspecified()) return {};
        add(*family);
    }
    for (lt::address const &address : listening_at_)
        if (std::string const text = address.to_string(); text != v4_ && text != v6_) add(text);
    return out;
}

std::optional<std::string> dial_source::source_for(lt::tcp::endpoint const &remote) const {
    bool const is_v4 = remote.address().is_v4();
    if (is_suspended_) return std::nullopt;
    if (!device_) return is_free_ ? std::string() : is_v4 ? v4_ : v6_;
    if (is_v4) return device_;
    // IPv6: the engine would bind the socket to the interface, and then to an IPv4 address, which fails. So
    // it is bound to an address here, where the kernel would send by that interface; and to the interface
    // right after (verify_dial).
    if (!internals::usable()) return std::nullopt;
    interface_state const &state = interfaces_->state(*device_);
    auto const address = state.address_of_family(false);
    if (!address || route_interface(*address, remote.address()) != state.index) return std::nullopt;
    return address->to_string();
}

bool dial_source::prepare(lt::tcp::endpoint const &remote) {
    if (session_ == nullptr) return false;
    auto const source = source_for(remote);
    if (!source) {
        forbid();
        return false;
    }
    if (source->empty())
        apply({});
    else if (*source != applied_) // one address alone: the setting at rest does
        next_dial_from(*source);
    return true;
}

void dial_source::forbid() {
    if (session_ != nullptr) next_dial_from(nowhere);
}

void dial_source::next_dial_from(std::string const &source) {
    std::string value;
    value.reserve((source.size() + 1) * times);
    for (int i = 0; i < times; ++i)
        value += (i == 0 ? "" : ",") + source;
    // A peer that connects before the setting rests again is compared with these.
    if (std::string const rest = at_rest(); !rest.empty()) value += ',' + rest;
    apply(std::move(value));
    if (resting_) return;
    resting_ = true;
    boost::asio::post(*io_, [this] {
        resting_ = false;
        refresh();
    });
}

void dial_source::apply(std::string value) {
    if (value == applied_) return;
    applied_ = value;
    lt::settings_pack pack;
    pack.set_str(lt::settings_pack::outgoing_interfaces, std::move(value));
    session_->apply_settings(std::move(pack)); // on this thread: in force when it returns
}

bool dial_source::holds(lt::peer_connection_handle const &peer) const {
    return !device_ || !internals::usable() || internals::is_bound_to(peer, *device_);
}

void dial_source::verify_dial(lt::peer_connection_handle const &peer) {
    if (!device_ || !internals::usable() || session_ == nullptr) return;
    boost::asio::post(*io_, [device = *device_, peer = lt::peer_connection_handle(peer)]() mutable {
        if (!peer.native_handle() || internals::is_bound_to(peer, device)) return;
        internals::discard_unsent(peer);
        peer.disconnect(boost::asio::error::network_down, lt::operation_t::connect,
                        lt::peer_connection_interface::failure);
    });
}

} // namespace clt
