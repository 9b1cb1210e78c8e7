// Crowds of connections, and descriptors that run out (Docs/decisions/0019).
#include "engine.hpp"

#include <algorithm>
#include <cerrno>

namespace clt {

// The engine takes four fifths of what the process may open for its own, whatever else is open already.
void engine::limit_connections() {
    connections_limit_ = session_->get_settings().get_int(lt::settings_pack::connections_limit);
    // A quarter is left for files, and ten connections the engine accepts above its limit.
    long const room = std::max(10l, free_descriptor_count() * 3 / 4 - 10);
    if (room < connections_limit_) connections_limit_ = int(room);
    restore_connections_limit();
}

void engine::restore_connections_limit() {
    lt::settings_pack pack;
    pack.set_int(lt::settings_pack::connections_limit, connections_limit_);
    session_->apply_settings(std::move(pack));
}

void engine::on_accept_failed() {
    accept_failed_ = false;
    // The engine has cut its own limit down to what stands now.
    restore_connections_limit();
    if (is_deaf_) return;
    event log = make_event(CLT_EVENT_LOG);
    log.fields.value = 3;
    if (reserve_.is_whole()) {
        reserve_.release();
        log.text = "accepting a connection failed: the reserve of descriptors is in use";
    } else {
        is_deaf_ = true;
        for (lt::tcp::endpoint const &listener : listeners_)
            listen_failed(listener, EMFILE, "accept: no descriptor is left");
        listeners_.clear();
        listen_at({});
        log.text = "accepting a connection failed: nothing is accepted until descriptors are to be had";
    }
    events_.push(std::move(log));
    newcomers_.cut_all();
}

void engine::hear_again() {
    if (!reserve_.is_whole() && !reserve_.refill()) return;
    if (!is_deaf_ || !interfaces_->all_usable()) return;
    is_deaf_ = false;
    listen_at(listen_);
}

void engine::hold_accepted() {
    for (lt::tcp::endpoint const &remote : held_.hold_accepted(listeners_))
        refusals_.add(0, remote, CLT_INCOMING, CLT_REFUSAL_TOO_MANY);
}

void engine::refuse_crowds() {
    for (lt::tcp::endpoint const &remote : newcomers_.enforce())
        refusals_.add(0, remote, CLT_INCOMING, CLT_REFUSAL_TOO_MANY);
}

} // namespace clt
