#include "gate.hpp"
#include "disconnect_reason.hpp"
#include "endpoint.hpp"
#include "internals.hpp"
#include "unlocks.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/bitfield.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <vector>

namespace clt {

namespace {
class gate_peer;
} // namespace

struct gate::shared {
    std::shared_ptr<membership const> members;
    gate_observer *observer; // nullptr once closed
    clt::door *door;
    bool has_v2 = false;
    std::vector<gate_peer *> peers;
};

namespace {

// Well above what the engine (half a MiB) and the metadata exchange (one) ever let wait for a peer that
// reads.
constexpr int unread_limit = 4 * 1024 * 1024;
constexpr int allowed_fast_limit = 1024; // BEP 6 speaks of ten
constexpr int receive_buffer_limit = 8 * 1024 * 1024;

clt_direction direction_of(lt::peer_connection_handle const &peer) {
    return peer.is_outgoing() ? CLT_OUTGOING : CLT_INCOMING;
}

void refuse(lt::peer_connection_handle peer) {
    // The same error, by the same way, as the engine gives for an info-hash that it does not know.
    peer.disconnect(lt::errors::invalid_info_hash, lt::operation_t::bittorrent,
                    lt::peer_connection_interface::failure);
}

class gate_peer final : public lt::peer_plugin {
public:
    gate_peer(std::shared_ptr<gate::shared> shared, lt::peer_connection_handle peer, member const *who)
        : shared_(std::move(shared)), peer_(std::move(peer)), remote_(peer_.remote()),
          direction_(direction_of(peer_)), admitted_(who != nullptr) {
        if (who != nullptr) member_ = *who;
        shared_->peers.push_back(this);
        if (direction_ == CLT_INCOMING) {
            internals::send_at_once(peer_);
            internals::drop_inherited_filter(peer_);
        }
    }

    ~gate_peer() override {
        auto &peers = shared_->peers;
        peers.erase(std::remove(peers.begin(), peers.end(), this), peers.end());
    }

    lt::string_view type() const override { return "clt_gate"; }

    void on_connected() override {
        // Throwing from new_connection for an outgoing peer would pause the whole session. Its dial has been
        // forbidden, and this is not reached; if it were, it would be cut before a byte of BitTorrent.
        if (!admitted_) return refuse(peer_);
        internals::send_at_once(peer_);
        internals::keep_within_bounds(peer_);
        reach(CLT_STAGE_TCP);
    }

    bool on_handshake(lt::span<char const> reserved) override {
        // Reserved bit 4 of the last byte says "v2". The engine then treats the connection as v2 for good,
        // and crashes when valid v1 metadata arrives. Returning false would only drop this plugin: cut.
#ifndef CLT_TEST_UNLOCK_V2_BIT
        if (!shared_->has_v2 && reserved.size() == 8 && (reserved[7] & 0x10) != 0) {
            admitted_ = false;
            if (shared_->observer != nullptr)
                shared_->observer->peer_refused(remote_, direction_, CLT_REFUSAL_PROTOCOL);
            discard_unsent();
            refuse(peer_);
            return true;
        }
#endif
        if (!admitted_) return true;
        connected_ = true;
        ++(direction_ == CLT_OUTGOING ? shared_->door->outgoing_handshakes
                                      : shared_->door->incoming_handshakes);
        if (shared_->observer != nullptr) shared_->observer->peer_connected(remote_, direction_, member_);
        return true;
    }

    void add_handshake([[maybe_unused]] lt::entry &handshake) override {
#ifndef CLT_TEST_UNLOCK_HANDSHAKE_KEYS
        for (char const *key : {"v", "yourip", "complete_ago", "p"})
            handshake.dict().erase(key);
        auto &messages = handshake["m"].dict();
        for (char const *key : {"ut_holepunch", "share_mode"})
            messages.erase(key);
#endif
    }

    bool on_extension_handshake(lt::bdecode_node const &handshake) override {
#ifndef CLT_TEST_UNLOCK_PEER_KEYS
        // A member may not send us anywhere: not to another port of its own (`p`), not to third parties
        // (ut_holepunch, which has no setting), and it does not tell us who we are (`yourip`).
        internals::blank_keys(handshake, {"p", "yourip"});
        internals::blank_keys(handshake.dict_find_dict("m"), {"ut_holepunch"});
#endif
        // Told that the other side is whole before it has seen which pieces it has, the engine of a whole
        // torrent closes, and takes no note of it: it would dial that member again every second for good.
        // What follows tells it.
        internals::blank_keys(handshake, {"upload_only"});
        reach(CLT_STAGE_EXTENSIONS);
        return true;
    }

    bool on_bitfield(lt::bitfield const &) override {
        return reach(CLT_STAGE_PIECES);
    }
    bool on_have_all() override {
        return reach(CLT_STAGE_PIECES);
    }
    bool on_have_none() override {
        return reach(CLT_STAGE_PIECES);
    }

    // The engine answers each of these at once, and lets its answers wait for a peer that does not read them
    // without any bound: requests past its queue are each refused in 17 bytes.
    bool on_request(lt::peer_request const &) override {
        return cut_unless_it_reads();
    }
    bool on_interested() override {
        return cut_unless_it_reads();
    }
    bool on_not_interested() override {
        return cut_unless_it_reads();
    }
    bool on_have(lt::piece_index_t) override {
        return cut_unless_it_reads();
    }
    bool on_dont_have(lt::piece_index_t) override {
        return cut_unless_it_reads();
    }
    bool on_unchoke() override {
        return cut_unless_it_reads();
    }

    // Only who sends content needs a large receive buffer. Looked at often enough to see it grow.
    bool on_piece(lt::peer_request const &, lt::span<char const>) override {
        if (blocks_++ % 16 == 0) internals::let_receive_buffer_grow(peer_, receive_buffer_limit);
        return false;
    }
    void tick() override {
        cut_unless_it_reads();
    }

    // The engine keeps each of these, the same piece again and again too.
    bool on_allowed_fast(lt::piece_index_t) override {
        if (allowed_fast_ >= allowed_fast_limit) return true; // not looked at
        ++allowed_fast_;
        return false;
    }

    void on_disconnect(lt::error_code const &error) override {
        // The mark of on_handshake() is set as soon as the info-hash is read. Where the peer dialled from the
        // port that it listens on, it would stand on our next dial there, which no bit gives away.
        if (!shared_->has_v2) internals::forget_v2(peer_);
        if (!admitted_ || shared_->observer == nullptr) return;
        auto const [why, text] = disconnect_reason(error, connected_);
        admitted_ = false;
        shared_->observer->peer_disconnected(remote_, direction_, why, text);
    }

    lt::address address() const {
        return remote_.address();
    }

    void cut() {
        discard_unsent();
        peer_.disconnect(boost::asio::error::network_down, lt::operation_t::sock_bind,
                         lt::peer_connection_interface::failure);
    }

    void cut_unless_member() {
        if (!admitted_) return;
        bool const incoming = direction_ == CLT_INCOMING;
        if (incoming ? shared_->members->match_incoming(remote_) : shared_->members->match_outgoing(remote_))
            return;
        if (shared_->observer != nullptr) {
            shared_->observer->peer_refused(remote_, direction_, CLT_REFUSAL_REVOKED);
            // Not with the engine's error, which says that the peer asked for the wrong torrent.
            shared_->observer->peer_disconnected(remote_, direction_, CLT_DISCONNECT_BY_US,
                                                 "it is no member any more");
        }
        admitted_ = false;
        discard_unsent();
        refuse(peer_);
    }

private:
    // Said once of each stage, whatever the peer repeats. False: the engine goes on with what came.
    bool reach(clt_peer_stage stage) {
        unsigned const bit = 1u << stage;
        if (!admitted_ || (reached_ & bit) != 0) return false;
        reached_ |= bit;
        if (shared_->observer != nullptr) shared_->observer->peer_reached(remote_, direction_, stage);
        return false;
    }

    // To come before a disconnect, which must not wait then.
    void discard_unsent() {
        internals::discard_unsent(peer_);
        shared_->door->held.let_go(remote_);
    }

    // True where it was cut.
    bool cut_unless_it_reads() {
        if (!admitted_ || internals::send_buffer_size(peer_) <= unread_limit) return false;
        admitted_ = false;
        if (shared_->observer != nullptr)
            shared_->observer->peer_disconnected(remote_, direction_, CLT_DISCONNECT_PROTOCOL,
                                                 "it goes on asking and does not read the answers");
        discard_unsent();
        peer_.disconnect(lt::errors::invalid_message, lt::operation_t::bittorrent,
                         lt::peer_connection_interface::peer_error);
        return true;
    }

    std::shared_ptr<gate::shared> shared_;
    lt::peer_connection_handle peer_;
    lt::tcp::endpoint remote_;
    clt_direction direction_;
    member member_{};
    bool admitted_;
    bool connected_ = false;
    int allowed_fast_ = 0;
    unsigned reached_ = 0;
    unsigned blocks_ = 0;
};

} // namespace

gate::gate(std::shared_ptr<membership const> members, gate_observer &observer, clt::door &door)
    : shared_(std::make_shared<shared>()) {
    shared_->members = std::move(members);
    shared_->observer = &observer;
    shared_->door = &door;
}

gate::~gate() {
    close();
}

void gate::close() {
    shared_->observer = nullptr;
}

void gate::set_has_v2(bool has_v2) {
    shared_->has_v2 = has_v2;
}

std::shared_ptr<lt::peer_plugin> gate::new_connection(lt::peer_connection_handle const &peer) {
    lt::tcp::endpoint const remote = peer.remote();
    bool const outgoing = peer.is_outgoing();
#if defined(CLT_TEST_UNLOCK_ADMISSION) || defined(CLT_TEST_UNLOCK_GATE)
    static member const anybody{};
    member const *who = &anybody;
#else
    member const *who =
        outgoing ? shared_->members->match_outgoing(remote) : shared_->members->match_incoming(remote);
#endif
    door &door = *shared_->door;
    clt_refusal why = outgoing ? CLT_REFUSAL_NOT_DIALLED : CLT_REFUSAL_NOT_OF_TORRENT;
    if (who != nullptr && !(outgoing ? door.dials.prepare(remote) : door.dials.holds(peer))) {
        who = nullptr;
        why = CLT_REFUSAL_NOT_BOUND;
    }
    if (who != nullptr && !outgoing && peers_at(remote.address()) >= door.most_per_address) {
        who = nullptr;
        why = CLT_REFUSAL_TOO_MANY;
    }
    if (!outgoing) door.waiting.attached(remote);
    // One that is refused stays held: a member of another torrent would see, by the time that its close took,
    // that this one is here.
    if (who != nullptr && !outgoing) door.held.let_go(remote);
    if (who == nullptr && !outgoing) refuse(peer);
    if (who == nullptr) {
        if (shared_->observer != nullptr) shared_->observer->peer_refused(remote, direction_of(peer), why);
        // Disconnect alone lets the attach go on to our handshake; the engine catches this and stops it.
        if (!outgoing) throw lt::system_error(lt::errors::invalid_info_hash);
        door.dials.forbid();
    } else if (outgoing) {
        ++door.dialled;
        door.dials.verify_dial(peer);
    }
    return std::make_shared<gate_peer>(shared_, peer, who);
}

size_t gate::peers_at(lt::address const &address) const {
    return size_t(std::count_if(shared_->peers.begin(), shared_->peers.end(),
                                [&](gate_peer const *peer) { return peer->address() == address; }));
}

template <typename Body> void gate::each_peer(Body body) {
    auto const peers = shared_->peers; // a cut may destroy entries
    for (gate_peer *peer : peers)
        if (std::find(shared_->peers.begin(), shared_->peers.end(), peer) != shared_->peers.end())
            body(*peer);
}

void gate::cut_non_members() {
    each_peer([](gate_peer &peer) { peer.cut_unless_member(); });
}

void gate::cut_all() {
    each_peer([](gate_peer &peer) { peer.cut(); });
}

void gate::dial_now(lt::torrent_handle const &torrent) {
    dialling_now_ = true;
    torrent.pause();
    torrent.resume();
    dialling_now_ = false;
}

} // namespace clt
