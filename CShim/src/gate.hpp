// The gate: the first plugin of every torrent. It lets members in before a byte of ours is written, and
// nobody else.
#pragma once

#include "dial_source.hpp"
#include "held_sockets.hpp"
#include "membership.hpp"
#include "newcomers.hpp"

#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <memory>
#include <string>

namespace clt {

// What the gate tells its torrent. Network thread only.
struct gate_observer {
    virtual void peer_connected(lt::tcp::endpoint const &remote, clt_direction direction,
                                member const &who) = 0;
    virtual void peer_reached(lt::tcp::endpoint const &remote, clt_direction direction,
                              clt_peer_stage stage) = 0;
    virtual void peer_disconnected(lt::tcp::endpoint const &remote, clt_direction direction,
                                   clt_disconnect why, std::string text) = 0;
    virtual void peer_refused(lt::tcp::endpoint const &remote, clt_direction direction, clt_refusal why) = 0;

protected:
    ~gate_observer() = default;
};

// What the gates of all torrents share. Network thread only.
struct door {
    dial_source &dials;
    newcomers &waiting;
    held_sockets &held;
    size_t most_per_address; // peers of one torrent
    uint64_t dialled = 0;    // begun
    uint64_t incoming_handshakes = 0, outgoing_handshakes = 0;
};

class gate final : public lt::torrent_plugin {
public:
    // The observer outlives the gate's connections, or has called close() before it goes; `door` outlives
    // them.
    gate(std::shared_ptr<membership const> members, gate_observer &observer, clt::door &door);
    ~gate() override;

    std::shared_ptr<lt::peer_plugin> new_connection(lt::peer_connection_handle const &peer) override;
    // True while dial_now() passes through: the engine then leaves the connections that stand alone.
    bool on_pause() override { return dialling_now_; }

    // Cuts every connection that no longer matches a member, and whatever it still had to send.
    void cut_non_members();
    // Cuts every connection, and whatever it still had to send.
    void cut_all();
    // Dials what waits at once: the engine's own dials come at a tick a second, but resuming a torrent dials
    // straight away, and a pause that the gate swallows disturbs nobody.
    void dial_now(lt::torrent_handle const &torrent);
    // No event comes after this.
    void close();
    // A v1 torrent must not be drawn onto the engine's v2 path by a peer.
    void set_has_v2(bool has_v2);

    struct shared;

private:
    size_t peers_at(lt::address const &address) const;
    template <typename Body> void each_peer(Body body);

    std::shared_ptr<shared> shared_;
    bool dialling_now_ = false;
};

} // namespace clt
