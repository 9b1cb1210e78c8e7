#include "message_channel.hpp"
#include "endpoint.hpp"
#include "internals.hpp"
#include "unlocks.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/peer_connection_handle.hpp>

#include <algorithm>
#include <vector>

namespace clt {

namespace {

class message_peer;

constexpr char message_name[] = "slskdn";
constexpr char identity_key[] = "slskdn_id";
constexpr int our_message_id = 9; // 1, 2, 3, 4, 7 and 8 are the engine's and the metadata exchange's
constexpr char bt_extended = 20;  // BEP 10

// What one peer may send in a second. Signals are few: a job takes three.
constexpr int messages_a_second = 64;
constexpr int bytes_a_second = 512 * 1024;
// Nothing of ours is queued for a peer that does not read. Pieces alone fill the buffer up to the engine's
// watermark of 500 KiB, which must not keep a signal from a peer that we upload to.
constexpr int send_buffer_limit = (500 + 160) * 1024;
// Each message that is dropped counts one, an oversize one more, and each second takes some back; a peer that
// gets this far is cut.
constexpr int strikes_limit = 512;
constexpr int strikes_forgiven_a_second = 8;
constexpr int strikes_for_oversize = 32;

} // namespace

struct message_channel::shared {
    std::shared_ptr<membership const> members;
    std::string own_id;
    message_observer *observer; // nullptr once closed
    clt_message_counters counters{};
    std::vector<message_peer *> peers;
};

namespace {

class message_peer final : public lt::peer_plugin {
public:
    message_peer(std::shared_ptr<message_channel::shared> shared, lt::peer_connection_handle peer)
        : shared_(std::move(shared)), peer_(std::move(peer)), remote_(peer_.remote()) {
        shared_->peers.push_back(this);
    }

    ~message_peer() override {
        auto &peers = shared_->peers;
        peers.erase(std::remove(peers.begin(), peers.end(), this), peers.end());
    }

    lt::string_view type() const override { return "clt_messages"; }

    void add_handshake(lt::entry &handshake) override {
        handshake["m"][message_name] = our_message_id;
        if (!shared_->own_id.empty()) handshake[identity_key] = shared_->own_id;
    }

    bool on_extension_handshake(lt::bdecode_node const &handshake) override {
        std::string claim(handshake.dict_find_string_value(identity_key));
        if (claim.size() > CLT_PEER_ID_MAX) claim.clear();
        if (shaken_) { // the first of a connection is final; one that leaves the name out claims nothing else
            if (handshake.dict_find(identity_key) && claim != claim_) ++shared_->counters.second_claims;
            return true;
        }
        shaken_ = true;
        claim_ = std::move(claim);
        lt::bdecode_node const messages = handshake.dict_find_dict("m");
        if (!messages) return true;
        auto const id = messages.dict_find_int_value(message_name, 0);
        if (id >= 1 && id <= 255) remote_id_ = int(id);
        return true;
    }

    bool on_extended(int length, int id, lt::span<char const> body) override {
        if (id != our_message_id) return false;
        if (int(body.size()) < length) return true; // called once a fragment: wait for the whole
        received(body);
        return true;
    }

    void tick() override {
        messages_ = 0;
        bytes_ = 0;
        strikes_ = std::max(0, strikes_ - strikes_forgiven_a_second);
    }

    lt::tcp::endpoint const &remote() const { return remote_; }
    bool has_session() const { return remote_id_ != 0 && !peer_.is_disconnecting(); }

    // Empty where the peer claims nothing, or another ID than its address has.
    std::string proven_identity() const {
        std::string const identity = shared_->members->identity(remote_);
        return claim_ == identity ? identity : std::string();
    }

    clt_send_outcome send(uint8_t kind, lt::span<char const> body) {
        if (internals::send_buffer_size(peer_) >= send_buffer_limit) return CLT_SEND_WOULD_BLOCK;
        std::string packet;
        packet.reserve(7 + size_t(body.size()));
        uint32_t const length = uint32_t(3 + body.size());
        for (int shift = 24; shift >= 0; shift -= 8)
            packet += char(length >> shift);
        packet += bt_extended;
        packet += char(remote_id_);
        packet += char(kind);
        packet.append(body.data(), size_t(body.size()));
        peer_.send_buffer(packet.data(), int(packet.size()));
        ++shared_->counters.sent;
        return CLT_SEND_SENT;
    }

private:
    void received(lt::span<char const> payload) {
        clt_message_counters &counters = shared_->counters;
        ++messages_;
        bytes_ = std::min(bytes_a_second + 1, bytes_ + int(payload.size()));
        if (payload.size() > std::ptrdiff_t(CLT_MESSAGE_BODY_MAX) + 1)
            return drop(counters.oversize, strikes_for_oversize);
        if (messages_ > messages_a_second || bytes_ > bytes_a_second) return drop(counters.over_budget);
        if (payload.empty()) return drop(counters.malformed);
        auto const kind = uint8_t(payload[0]);
        if (kind != CLT_MESSAGE_SIGNAL) return drop(counters.unknown_kind);
        std::string const identity = shared_->members->identity(remote_);
#ifndef CLT_TEST_UNLOCK_MESSAGE_IDENTITY
        if (claim_.empty() || identity.empty()) return drop(counters.no_identity);
        if (claim_ != identity) return drop(counters.wrong_identity);
#endif
        if (shared_->observer == nullptr) return;
        if (shared_->observer->message_received(remote_, identity, kind, payload.subspan(1)))
            ++counters.received;
        else
            ++counters.queue_full; // ours is the slow side: no strike
    }

    void drop(uint64_t &counter, int strikes = 1) {
        ++counter;
        strikes_ += strikes;
        if (strikes_ < strikes_limit || peer_.is_disconnecting()) return;
        ++shared_->counters.cut;
        peer_.disconnect(lt::errors::invalid_message, lt::operation_t::bittorrent,
                         lt::peer_connection_interface::peer_error);
    }

    std::shared_ptr<message_channel::shared> shared_;
    lt::peer_connection_handle peer_;
    lt::tcp::endpoint remote_;
    bool shaken_ = false;
    int remote_id_ = 0;
    std::string claim_;
    int messages_ = 0, bytes_ = 0; // since the last tick
    int strikes_ = 0;
};

template <typename Matches>
clt_send_outcome send_to_first(std::vector<message_peer *> const &peers, uint8_t kind,
                               lt::span<char const> body, Matches matches) {
    clt_send_outcome outcome = CLT_SEND_NO_SESSION;
    for (message_peer *peer : peers) {
        if (!peer->has_session() || !matches(*peer)) continue;
        outcome = peer->send(kind, body);
        if (outcome == CLT_SEND_SENT) break;
    }
    return outcome;
}

} // namespace

message_channel::message_channel(std::shared_ptr<membership const> members, std::string own_id,
                                 message_observer &observer)
    : shared_(std::make_shared<shared>()) {
    shared_->members = std::move(members);
    shared_->own_id = std::move(own_id);
    shared_->observer = &observer;
}

message_channel::~message_channel() {
    close();
}

void message_channel::close() {
    shared_->observer = nullptr;
}

clt_message_counters const &message_channel::counters() const {
    return shared_->counters;
}

std::shared_ptr<lt::peer_plugin> message_channel::new_connection(lt::peer_connection_handle const &peer) {
    return std::make_shared<message_peer>(shared_, peer);
}

clt_send_outcome message_channel::send(lt::tcp::endpoint const &remote, uint8_t kind,
                                       lt::span<char const> body) {
    lt::tcp::endpoint const wanted(normalised(remote.address()), remote.port());
    return send_to_first(shared_->peers, kind, body, [&](message_peer const &peer) {
        return peer.remote().port() == wanted.port() &&
               normalised(peer.remote().address()) == wanted.address();
    });
}

clt_send_outcome message_channel::send(std::string const &peer_id, uint8_t kind, lt::span<char const> body) {
    return send_to_first(shared_->peers, kind, body, [&](message_peer const &peer) {
        return !peer_id.empty() && peer.proven_identity() == peer_id;
    });
}

} // namespace clt
