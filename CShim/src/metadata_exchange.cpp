#include "metadata_exchange.hpp"
#include "internals.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/hasher.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/peer_connection_handle.hpp>

#include <algorithm>
#include <deque>

namespace clt {

struct metadata_exchange::shared {
    lt::sha1_hash info_hash;
    std::shared_ptr<std::vector<char> const> info; // what is served, once there is something
    bool wanted = false;                           // still asking
    size_t max_size = 0;
    metadata_observer *observer = nullptr; // nullptr once closed
};

namespace {

constexpr int our_message_id = 2; // 1, 3, 4, 7 and 8 are the engine's
constexpr int bt_extended = 20;   // BEP 10
constexpr int times_served = 2;   // each block, per connection
constexpr int send_buffer_limit = 1024 * 1024;
constexpr int request_timeout_ticks = 10;

enum class message : int { request = 0, data = 1, reject = 2 };

size_t block_count(size_t size) {
    return (size + metadata_exchange::block_size - 1) / metadata_exchange::block_size;
}

class metadata_peer final : public lt::peer_plugin {
public:
    metadata_peer(std::shared_ptr<metadata_exchange::shared> shared, lt::peer_connection_handle peer)
        : shared_(std::move(shared)), peer_(std::move(peer)) {}

    lt::string_view type() const override { return "clt_metadata"; }

    void add_handshake(lt::entry &handshake) override {
        handshake["m"]["ut_metadata"] = our_message_id;
        if (shared_->info) handshake["metadata_size"] = lt::entry::integer_type(shared_->info->size());
    }

    bool on_extension_handshake(lt::bdecode_node const &handshake) override {
        if (shaken_) return true; // the first of a connection is final
        shaken_ = true;
        lt::bdecode_node const messages = handshake.dict_find_dict("m");
        if (!messages) return true;
        auto const id = messages.dict_find_int_value("ut_metadata", 0);
        if (id < 1 || id > 255) return true;
        remote_id_ = int(id);
        auto const size = handshake.dict_find_int_value("metadata_size", 0);
        if (size > 0 && uint64_t(size) <= shared_->max_size) remote_size_ = size_t(size);
        ask();
        return true;
    }

    bool on_extended(int length, int id, lt::span<char const> body) override {
        if (id != our_message_id) return false;
        if (length > metadata_exchange::block_size + 1024) return cut();
        if (body.size() < length) return true; // called once a fragment: wait for the whole
        lt::error_code error;
        lt::bdecode_node const root = lt::bdecode(body, error, nullptr, 4, 32);
        if (error || root.type() != lt::bdecode_node::dict_t) return cut();
        auto const piece = root.dict_find_int_value("piece", -1);
        switch (message(root.dict_find_int_value("msg_type", -1))) {
        case message::request:
            requested(piece);
            return true;
        case message::data:
            return received(piece, body.subspan(root.data_section().size()));
        case message::reject:
            give_up();
            return true;
        }
        return true; // BEP 9: unknown message types are ignored
    }

    void tick() override {
        while (!queue_.empty() && internals::send_buffer_size(peer_) < send_buffer_limit) {
            int const piece = queue_.front();
            queue_.pop_front();
            send_block(piece);
        }
        if (!shared_->wanted) return;
        // A member that went silent, or had nothing yet, is asked again.
        if (!asked_ || ++ticks_ >= request_timeout_ticks) {
            asked_ = false;
            ask();
        }
    }

private:
    bool cut() {
        peer_.disconnect(lt::errors::invalid_metadata_message, lt::operation_t::bittorrent,
                         lt::peer_connection_interface::peer_error);
        return true;
    }

    void send(lt::entry const &header, lt::span<char const> block) {
        std::string body;
        lt::bencode(std::back_inserter(body), header);
        std::string packet;
        uint32_t const length = uint32_t(2 + body.size() + size_t(block.size()));
        for (int shift = 24; shift >= 0; shift -= 8)
            packet += char(length >> shift);
        packet += char(bt_extended);
        packet += char(remote_id_);
        packet += body;
        packet.append(block.data(), size_t(block.size()));
        peer_.send_buffer(packet.data(), int(packet.size()));
    }

    void send_header(message type, lt::entry::integer_type piece) {
        lt::entry header;
        header["msg_type"] = int(type);
        header["piece"] = piece;
        send(header, {});
    }

    void requested(std::int64_t piece) {
        if (remote_id_ == 0) return;
        if (!shared_->info || piece < 0 || size_t(piece) >= block_count(shared_->info->size())) {
            // At most as many refusals as there could be blocks: an answer to everything would be a flood.
            if (++refusals_ <= 256) send_header(message::reject, piece);
            return;
        }
        served_.resize(block_count(shared_->info->size()));
        if (served_[size_t(piece)] >= times_served) {
            if (++refusals_ <= 256) send_header(message::reject, piece);
            return;
        }
        ++served_[size_t(piece)];
        if (queue_.empty() && internals::send_buffer_size(peer_) < send_buffer_limit)
            send_block(int(piece));
        else
            queue_.push_back(int(piece));
    }

    void send_block(int piece) {
        auto const &info = *shared_->info;
        size_t const offset = size_t(piece) * metadata_exchange::block_size;
        size_t const size = std::min<size_t>(metadata_exchange::block_size, info.size() - offset);
        lt::entry header;
        header["msg_type"] = int(message::data);
        header["piece"] = piece;
        header["total_size"] = lt::entry::integer_type(info.size());
        send(header, {info.data() + offset, std::ptrdiff_t(size)});
    }

    // Every block at once, from this member alone: a hash that fails then names who lied.
    void ask() {
        if (!shared_->wanted || asked_ || liar_ || remote_id_ == 0 || remote_size_ == 0) return;
        asked_ = true;
        ticks_ = 0;
        assembled_.assign(remote_size_, 0);
        missing_.assign(block_count(remote_size_), true);
        missing_count_ = missing_.size();
        for (size_t i = 0; i < missing_.size(); ++i)
            send_header(message::request, lt::entry::integer_type(i));
    }

    bool received(std::int64_t piece, lt::span<char const> block) {
        if (!shared_->wanted || !asked_ || piece < 0 || size_t(piece) >= missing_.size() ||
            !missing_[size_t(piece)])
            return true; // not asked for (any more)
        size_t const offset = size_t(piece) * metadata_exchange::block_size;
        size_t const expected = std::min<size_t>(metadata_exchange::block_size, remote_size_ - offset);
        if (size_t(block.size()) != expected) return cut();
        std::copy(block.begin(), block.end(), assembled_.begin() + std::ptrdiff_t(offset));
        missing_[size_t(piece)] = false;
        if (--missing_count_ > 0) return true;

        if (lt::hasher(assembled_).final() != shared_->info_hash) {
            liar_ = true;
            assembled_ = {};
            return cut();
        }
        shared_->wanted = false;
        if (shared_->observer != nullptr)
            shared_->observer->metadata_received(
                std::make_shared<std::vector<char> const>(std::move(assembled_)));
        return true;
    }

    void give_up() {
        assembled_ = {};
        missing_.clear();
        missing_count_ = 0;
    }

    std::shared_ptr<metadata_exchange::shared> shared_;
    lt::peer_connection_handle peer_;
    bool shaken_ = false;
    int remote_id_ = 0;
    size_t remote_size_ = 0;

    std::vector<uint8_t> served_;
    std::deque<int> queue_;
    int refusals_ = 0;

    bool asked_ = false;
    bool liar_ = false;
    int ticks_ = 0;
    std::vector<char> assembled_;
    std::vector<bool> missing_;
    size_t missing_count_ = 0;
};

} // namespace

metadata_exchange::metadata_exchange(lt::sha1_hash const &info_hash,
                                     std::shared_ptr<std::vector<char> const> info, size_t max_size,
                                     metadata_observer &observer)
    : shared_(std::make_shared<shared>()) {
    shared_->info_hash = info_hash;
    shared_->wanted = info == nullptr;
    shared_->info = std::move(info);
    shared_->max_size = max_size;
    shared_->observer = &observer;
}

metadata_exchange::~metadata_exchange() {
    close();
}

std::shared_ptr<lt::peer_plugin> metadata_exchange::new_connection(lt::peer_connection_handle const &peer) {
    return std::make_shared<metadata_peer>(shared_, peer);
}

void metadata_exchange::serve(std::shared_ptr<std::vector<char> const> info) {
    shared_->wanted = false;
    shared_->info = std::move(info);
}

void metadata_exchange::close() {
    shared_->observer = nullptr;
}

} // namespace clt
