#include "metadata_dialogue.hpp"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/hasher.hpp>

#include <algorithm>
#include <iterator>

namespace clt {

namespace {

constexpr int times_served = 2; // each block, per connection
constexpr int most_refusals = 256;
constexpr int send_buffer_limit = 1024 * 1024;
constexpr int request_timeout_ticks = 10;

constexpr int request = 0, data = 1, reject = 2; // msg_type

size_t block_count(size_t size) {
    return (size + metadata_dialogue::block_size - 1) / metadata_dialogue::block_size;
}

size_t size_of_block(size_t piece, size_t size) {
    return std::min<size_t>(metadata_dialogue::block_size, size - piece * metadata_dialogue::block_size);
}

} // namespace

metadata_dialogue::metadata_dialogue(std::shared_ptr<metadata_pool> pool, metadata_line &line)
    : pool_(std::move(pool)), line_(line) {}

void metadata_dialogue::handshake(lt::bdecode_node const &handshake) {
    if (!shaken_) {
        shaken_ = true;
        lt::bdecode_node const messages = handshake.dict_find_dict("m");
        if (!messages) return;
        auto const id = messages.dict_find_int_value("ut_metadata", 0);
        if (id >= 1 && id <= 255) remote_id_ = int(id);
    }
    if (remote_id_ == 0 || remote_size_ != 0) return;
    auto const size = handshake.dict_find_int_value("metadata_size", 0);
    if (size > 0 && uint64_t(size) <= pool_->max_size) remote_size_ = size_t(size);
    ask();
}

bool metadata_dialogue::message(lt::span<char const> body) {
    lt::error_code error;
    lt::bdecode_node const root = lt::bdecode(body, error, nullptr, 4, 32);
    if (error || root.type() != lt::bdecode_node::dict_t) return false;
    auto const piece = root.dict_find_int_value("piece", -1);
    switch (root.dict_find_int_value("msg_type", -1)) {
    case request:
        requested(piece);
        return true;
    case data:
        return received(piece, body.subspan(root.data_section().size()));
    case reject:
        give_up();
        return true;
    default:
        return true; // BEP 9: unknown message types are ignored
    }
}

void metadata_dialogue::tick() {
    while (!queue_.empty() && line_.unsent() < send_buffer_limit) {
        size_t const piece = queue_.front();
        queue_.pop_front();
        send_block(piece);
    }
    if (!pool_->wanted) {
        give_up();
        return;
    }
    // A member that went silent, or had nothing yet, is asked again.
    if (++waited_ >= request_timeout_ticks) ask();
}

// ---- Serving ----

void metadata_dialogue::send(lt::entry const &header, lt::span<char const> block) {
    std::string body;
    lt::bencode(std::back_inserter(body), header);
    body.append(block.data(), size_t(block.size()));
    line_.send(remote_id_, body);
}

void metadata_dialogue::send_header(int type, std::int64_t piece) {
    lt::entry header;
    header["msg_type"] = type;
    header["piece"] = piece;
    send(header, {});
}

void metadata_dialogue::send_block(size_t piece) {
    auto const &info = *pool_->info;
    lt::entry header;
    header["msg_type"] = data;
    header["piece"] = std::int64_t(piece);
    header["total_size"] = std::int64_t(info.size());
    send(header, {info.data() + piece * block_size, std::ptrdiff_t(size_of_block(piece, info.size()))});
}

void metadata_dialogue::requested(std::int64_t piece) {
    if (remote_id_ == 0) return;
    if (!pool_->info || piece < 0 || uint64_t(piece) >= block_count(pool_->info->size()))
        return refuse(piece);
    served_.resize(block_count(pool_->info->size()));
    size_t const index = size_t(piece);
    if (served_[index] >= times_served) return refuse(piece);
    ++served_[index];
    if (queue_.empty() && line_.unsent() < send_buffer_limit)
        send_block(index);
    else
        queue_.push_back(index);
}

// At most as many refusals as there could be blocks: an answer to everything would be a flood.
void metadata_dialogue::refuse(std::int64_t piece) {
    if (++refusals_ <= most_refusals) send_header(reject, piece);
}

// ---- Asking ----

// Every missing block at once, from this member alone: a hash that fails then names who lied.
void metadata_dialogue::ask() {
    if (!pool_->wanted || remote_id_ == 0 || remote_size_ == 0) return;
    waited_ = 0;
    blocks_.resize(block_count(remote_size_));
    for (size_t i = 0; i < blocks_.size(); ++i)
        if (blocks_[i].empty()) send_header(request, std::int64_t(i));
}

bool metadata_dialogue::received(std::int64_t piece, lt::span<char const> block) {
    if (!pool_->wanted || piece < 0 || uint64_t(piece) >= blocks_.size() || !blocks_[size_t(piece)].empty())
        return true; // not asked for (any more)
    if (size_t(block.size()) != size_of_block(size_t(piece), remote_size_)) return false;
    blocks_[size_t(piece)].assign(block.data(), size_t(block.size()));
    waited_ = 0; // slow is not silent
    return ++received_ < blocks_.size() || assembled();
}

bool metadata_dialogue::assembled() {
    std::vector<char> info;
    info.reserve(remote_size_);
    for (std::string const &block : blocks_)
        info.insert(info.end(), block.begin(), block.end());
    give_up();
    if (lt::hasher(info).final() != pool_->info_hash) {
        remote_id_ = 0; // never asked again
        return false;
    }
    pool_->wanted = false;
    if (pool_->observer != nullptr)
        pool_->observer->metadata_received(std::make_shared<std::vector<char> const>(std::move(info)));
    return true;
}

void metadata_dialogue::give_up() {
    blocks_ = {};
    received_ = 0;
}

} // namespace clt
