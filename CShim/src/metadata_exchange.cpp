#include "metadata_exchange.hpp"
#include "endpoint.hpp"
#include "internals.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/peer_connection_handle.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace clt {

namespace {

constexpr int our_message_id = 2; // 1, 3, 4, 7 and 8 are the engine's
constexpr int bt_extended = 20;   // BEP 10
constexpr int held_at_most = 2;   // info dictionaries of the largest size, of one address
constexpr int receive_buffer_limit = 1024 * 1024;

} // namespace

class metadata_peer final : public lt::peer_plugin, private metadata_line {
public:
    metadata_peer(std::shared_ptr<metadata_pool> pool, lt::peer_connection_handle peer)
        : pool_(std::move(pool)), peer_(std::move(peer)), address_(normalised(peer_.remote().address())),
          dialogue_(pool_, *this) {}
    ~metadata_peer() override { count(0); }

    lt::string_view type() const override { return "clt_metadata"; }

    void add_handshake(lt::entry &handshake) override {
        handshake["m"]["ut_metadata"] = our_message_id;
        if (pool_->info)
            add_size(handshake);
        else
            messages_ = handshake["m"];
    }

    // Now there is metadata: whoever was told that there was none is told so. With all the messages of the
    // first handshake, since some take a name that is left out for one that is taken back.
    void announce() {
        if (!messages_) return;
        lt::entry handshake;
        handshake["m"] = *std::exchange(messages_, std::nullopt);
        add_size(handshake);
        std::string body;
        lt::bencode(std::back_inserter(body), handshake);
        send(0, body);
    }

    bool on_extension_handshake(lt::bdecode_node const &handshake) override {
        dialogue_.handshake(handshake);
        return true;
    }

    bool on_extended(int length, int id, lt::span<char const> body) override {
        if (id != our_message_id) return false;
        if (length > metadata_dialogue::max_message) return cut();
        if (body.size() < length) return true; // called once a fragment: wait for the whole
        if (!dialogue_.message(body)) return cut();
        // Blocks that we asked for: they may come as fast as they can.
        if (dialogue_.held() > counted_) internals::let_receive_buffer_grow(peer_, receive_buffer_limit);
        count(dialogue_.held());
        // A member's connections together: each could otherwise bring all of a dictionary but a block, and
        // wait.
        if (counted_ > 0 && pool_->held[address_] > held_at_most * pool_->max_size) return cut();
        return true;
    }

    void tick() override {
        dialogue_.tick();
        count(dialogue_.held());
    }

private:
    void add_size(lt::entry &handshake) const {
        handshake["metadata_size"] = lt::entry::integer_type(pool_->info->size());
    }

    bool cut() {
        peer_.disconnect(lt::errors::invalid_metadata_message, lt::operation_t::bittorrent,
                         lt::peer_connection_interface::peer_error);
        return true;
    }

    void send(int message_id, std::string const &body) override {
        std::string packet;
        uint32_t const length = uint32_t(2 + body.size());
        for (int shift = 24; shift >= 0; shift -= 8)
            packet += char(length >> shift);
        packet += char(bt_extended);
        packet += char(message_id);
        packet += body;
        peer_.send_buffer(packet.data(), int(packet.size()));
    }

    int unsent() const override { return internals::send_buffer_size(peer_); }

    void count(size_t held) {
        if (held == counted_) return;
        size_t &all = pool_->held[address_];
        all = all - counted_ + held;
        counted_ = held;
        if (all == 0) pool_->held.erase(address_);
    }

    std::shared_ptr<metadata_pool> pool_;
    lt::peer_connection_handle peer_;
    lt::address const address_;
    metadata_dialogue dialogue_;
    size_t counted_ = 0;                // what pool_->held has of this one
    std::optional<lt::entry> messages_; // of our handshake, where it went before there was metadata
};

metadata_exchange::metadata_exchange(lt::sha1_hash const &info_hash,
                                     std::shared_ptr<std::vector<char> const> info, size_t max_size,
                                     metadata_observer &observer)
    : pool_(std::make_shared<metadata_pool>()) {
    pool_->info_hash = info_hash;
    pool_->wanted = info == nullptr;
    pool_->info = std::move(info);
    pool_->max_size = max_size;
    pool_->observer = &observer;
}

metadata_exchange::~metadata_exchange() {
    close();
}

std::shared_ptr<lt::peer_plugin> metadata_exchange::new_connection(lt::peer_connection_handle const &peer) {
    auto out = std::make_shared<metadata_peer>(pool_, peer);
    peers_.erase(std::remove_if(peers_.begin(), peers_.end(), [](auto const &p) { return p.expired(); }),
                 peers_.end());
    if (!pool_->info) peers_.push_back(out);
    return out;
}

void metadata_exchange::serve(std::shared_ptr<std::vector<char> const> info) {
    pool_->wanted = false;
    pool_->info = std::move(info);
    for (auto const &waiting : std::exchange(peers_, {}))
        if (auto const peer = waiting.lock()) peer->announce();
}

void metadata_exchange::close() {
    pool_->observer = nullptr;
}

} // namespace clt
