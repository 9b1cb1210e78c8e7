// Where the engine listens: on addresses and interfaces, with or without stealth.
#include "endpoint.hpp"
#include "engine.hpp"
#include "error.hpp"
#include "own_sockets.hpp"
#include "settings.hpp"
#include "stealth.hpp"
#include "unlocks.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace clt {

namespace {

// For the engine's look at interfaces and routes, and a listener's two sockets.
constexpr long least_descriptors = 4;

} // namespace

void engine::on_listening(lt::tcp::endpoint const &endpoint) {
    if (!is_own_listener(endpoint)) return; // it was closed before this was heard
    try {
        check_device(endpoint);
        keep_from_children(endpoint);
        dials_.listening_at(endpoint.address());
        keep_port(endpoint);
        update_stealth(endpoint);
    } catch (failure const &f) {
        // It is not as it must be, and would not be the next time: no listener rather than that one.
        listeners_.clear();
        listen_at({});
        listen_failed(endpoint, f.system_errno, f.message);
        return;
    }
    if (std::find(listeners_.begin(), listeners_.end(), endpoint) == listeners_.end())
        listeners_.push_back(endpoint);
    listen_failures_.erase(endpoint);
    event e = make_event(CLT_EVENT_LISTENING);
    e.fields.endpoint = endpoint_out(endpoint);
    events_.push(std::move(e));
}

void engine::on_listen_failed(lt::listen_failed_alert const &alert) {
    lt::tcp::endpoint const endpoint(alert.address, std::uint16_t(alert.port));
    std::string const text = std::string(lt::operation_name(alert.op)) + ": " + alert.error.message();
    if (alert.op == lt::operation_t::sock_accept) {
        accept_failed_ = true;
        if (alert.error == boost::system::errc::too_many_files_open) return;
        // After anything else the engine accepts nothing more there, and leaves the socket open.
        for (lt::tcp::endpoint const &listener : std::exchange(listeners_, {}))
            listen_failed(listener, system_errno_of(alert.error), text);
        listen_at({});
        is_listener_missing_ = true;
        return;
    }
    // An interface's link-local address, which no rule can name, and which cannot be had for the first
    // second.
    if (alert.address.is_v6() && alert.address.to_v6().is_link_local()) return;
    if (alert.op != lt::operation_t::enum_if && alert.op != lt::operation_t::enum_route) {
        is_listener_missing_ = true;
        listeners_.erase(std::remove(listeners_.begin(), listeners_.end(), endpoint), listeners_.end());
        return listen_failed(endpoint, system_errno_of(alert.error), text);
    }
    // It matters to interfaces and to 0.0.0.0, which then have no listener.
    if (listeners_.empty()) is_listener_missing_ = true;
    event log = make_event(CLT_EVENT_LOG);
    log.fields.value = 1;
    log.text = alert.message();
    events_.push(std::move(log));
}

void engine::listen_failed(lt::tcp::endpoint const &endpoint, int system_errno, std::string const &text) {
    // Each try fails in the same way: that is told once.
    auto const [known, is_new] = listen_failures_.insert({endpoint, system_errno});
    if (!is_new && known->second == system_errno) return;
    known->second = system_errno;
    event e = make_event(CLT_EVENT_LISTEN_FAILED);
    e.fields.endpoint = endpoint_out(endpoint);
    e.fields.system_errno = system_errno;
    e.text = text;
    events_.push(std::move(e));
}

// What could not be had, since there was no descriptor or somebody else had the port, may be had later.
void engine::listen_again() {
    if (!is_listener_missing_ || is_deaf_ || session_->is_paused() || !interfaces_->all_usable()) return;
    // With too few, the engine finds no interface, and closes what stands on one.
    if (free_descriptor_count() < least_descriptors) return;
    is_listener_missing_ = false;
    if (listeners_.empty()) listen_at(listen_);
    session_->reopen_network_sockets({});
}

namespace {

struct listen_entry {
    std::string host, port;
};

listen_entry parse_listen_entry(std::string const &entry) {
    size_t const colon = entry.rfind(':');
    if (colon == std::string::npos) return {entry, {}};
    return {entry.substr(0, colon), entry.substr(colon + 1)};
}

} // namespace

// The engine falls back to the address, and says nothing, where it cannot bind its listener to the interface.
void engine::check_device(lt::tcp::endpoint const &listener) {
    for (std::string const &name : interfaces_named_in(listen_, true)) {
        auto const &addresses = interfaces_->state(name).addresses;
        if (std::find(addresses.begin(), addresses.end(), listener.address()) == addresses.end()) continue;
        if (device_of(own_listener(listener)) == name) return;
        stand_still();
        throw failure(CLT_NETWORK, "the listening socket is not bound to the interface " + name, EPERM);
    }
}

// A port that the system chose is kept for when the listener has to be opened again.
void engine::keep_port(lt::tcp::endpoint const &listener) {
    std::string kept;
    for (std::string const &entry : split_list(listen_)) {
        auto [host, port] = parse_listen_entry(entry);
        bool is_here =
            (host.front() == '[' ? host.substr(1, host.size() - 2) : host) == listener.address().to_string();
        for (std::string const &name : interfaces_named_in(entry, true)) {
            auto const &addresses = interfaces_->state(name).addresses;
            is_here = std::find(addresses.begin(), addresses.end(), listener.address()) != addresses.end();
        }
        if (port == "0" && is_here) port = std::to_string(listener.port());
        kept += (kept.empty() ? "" : ",") + host + ':' + port;
    }
    listen_ = std::move(kept);
}

void engine::interface_down(std::string const &name) {
    event e = make_event(CLT_EVENT_INTERFACE);
    e.fields.value = 0;
    e.text = name;
    events_.push(std::move(e));
    stand_still();
}

void engine::interface_up(std::string const &name) {
    event e = make_event(CLT_EVENT_INTERFACE);
    e.fields.value = 1;
    e.text = name;
    events_.push(std::move(e));
    if (!interfaces_->all_usable() || !session_) return;
    dials_.set_suspended(false);
    listen_at(listen_);
    session_->resume(); // dials at once
}

// Nothing is accepted, dialled or sent until the interface is back; torrents and their members stay.
void engine::stand_still() {
#ifndef CLT_TEST_UNLOCK_BINDING
    if (!session_) return;
    dials_.set_suspended(true);
    for (auto const &[id, t] : torrents_)
        t->cut_all();
    held_.end_all();
    session_->pause();
    listeners_.clear();
    listen_failures_.clear();
    listen_at({});
#endif
}

void engine::listen_at(std::string const &interfaces) {
    lt::settings_pack pack;
    pack.set_str(lt::settings_pack::listen_interfaces, interfaces);
    session_->apply_settings(std::move(pack));
}

void engine::update_stealth(lt::tcp::endpoint const &listener) {
    if (options_.stealth == 0) return;
    std::vector<address_range> ranges;
    for (auto const &[id, t] : torrents_)
        for (member const &m : t->members().all())
            ranges.push_back({m.first, m.last});
    stealth_filter const filter = build_stealth_filter(std::move(ranges));
    try {
        attach_stealth_filter(listener, filter);
    } catch (failure &f) {
        f.message = "stealth: " + f.message;
        throw;
    }
    if (!filter.is_widened) return;
    event log = make_event(CLT_EVENT_LOG);
    log.fields.value = 3;
    log.text = "stealth: more members than the kernel's filter holds; some strangers see an open port";
    events_.push(std::move(log));
}

} // namespace clt
