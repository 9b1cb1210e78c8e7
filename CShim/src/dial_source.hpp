// Where dials leave from. libtorrent takes the next of `outgoing_interfaces` for each dial, whatever the
// family of the peer, and cannot bind an IPv6 socket to an interface at all. The gate sees every dial before
// its socket is opened, so the setting is changed for each. Network thread only.
#pragma once

#include "interface_watch.hpp"

#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/session.hpp>

#include <optional>
#include <set>
#include <string>

namespace clt {

class dial_source {
public:
    // As in clt_engine_options.outgoing_interfaces.
    explicit dial_source(std::string const &outgoing_interfaces);

    std::optional<std::string> const &device() const { return device_; }
    // `interfaces` outlives the session.
    void open(lt::io_context &io, lt::session &session, interface_watch const &interfaces);
    void close();
    // Nothing is dialled while it is suspended.
    void set_suspended(bool is_suspended);
    // The interface's addresses may have changed.
    void refresh();
    // The engine listens there: peers may have reached us at that address, whatever dials leave from.
    void listening_at(lt::address const &address);

    // The next dial, which follows at once, is to `remote`. False where it may not leave: it then fails
    // before a packet is sent.
    bool prepare(lt::tcp::endpoint const &remote);
    // The next dial, which follows at once, must not leave.
    void forbid();
    // Whether a connection is bound as it must be.
    bool holds(lt::peer_connection_handle const &peer) const;
    // Looks, as soon as the dial is under way, whether it is bound as it must be, and cuts it otherwise.
    void verify_dial(lt::peer_connection_handle const &peer);

private:
    std::string at_rest() const;
    std::optional<std::string> source_for(lt::tcp::endpoint const &remote) const;
    void next_dial_from(std::string const &source);
    void apply(std::string value);

    std::optional<std::string> device_;
    std::optional<std::string> v4_, v6_; // addresses; unspecified: the kernel chooses
    std::set<lt::address> listening_at_;
    bool is_free_ = false; // nothing was named: the kernel chooses for both

    lt::io_context *io_ = nullptr;
    lt::session *session_ = nullptr;
    interface_watch const *interfaces_ = nullptr;
    bool is_suspended_ = false;
    bool resting_ = false;
    std::string applied_;
};

} // namespace clt
