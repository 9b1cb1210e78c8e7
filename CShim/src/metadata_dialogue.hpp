// BEP 9 with one peer: what it says in, what to answer out. It knows no socket, so that whatever a peer can
// say can be tried without one.
#pragma once

#include <libtorrent/address.hpp>
#include <libtorrent/fwd.hpp>
#include <libtorrent/sha1_hash.hpp>
#include <libtorrent/span.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace clt {

// What the exchange tells its torrent.
struct metadata_observer {
    // An info dictionary whose SHA-1 is the torrent's info-hash. Nobody has looked inside yet.
    virtual void metadata_received(std::shared_ptr<std::vector<char> const> info) = 0;

protected:
    ~metadata_observer() = default;
};

// What the dialogues of one torrent share.
struct metadata_pool {
    lt::sha1_hash info_hash;
    std::shared_ptr<std::vector<char> const> info; // what is served, once there is something
    bool wanted = false;                           // still asking
    size_t max_size = 0;
    metadata_observer *observer = nullptr; // nullptr once closed
    std::map<lt::address, size_t> held;    // bytes of unfinished metadata, by where they come from
};

// The peer's connection.
struct metadata_line {
    // A message of BEP 10 under the peer's own number for `ut_metadata`.
    virtual void send(int message_id, std::string const &body) = 0;
    // Bytes that wait to be sent.
    virtual int unsent() const = 0;

protected:
    ~metadata_line() = default;
};

class metadata_dialogue {
public:
    static constexpr int block_size = 16 * 1024;
    static constexpr int max_message = block_size + 1024; // a block and its header

    metadata_dialogue(std::shared_ptr<metadata_pool> pool, metadata_line &line);

    // The peer's extension handshake (BEP 10). What was said once on a connection is final; that there is
    // metadata may be said later, by who had none at first.
    void handshake(lt::bdecode_node const &handshake);
    // The whole body of a `ut_metadata` message. False: the peer broke the protocol, or lied; cut it.
    [[nodiscard]] bool message(lt::span<char const> body);
    // Once a second.
    void tick();
    // Bytes of metadata that are kept until the rest is there.
    size_t held() const { return received_ * block_size; }

private:
    void send(lt::entry const &header, lt::span<char const> block);
    void send_header(int type, std::int64_t piece);
    void send_block(size_t piece);
    void requested(std::int64_t piece);
    void refuse(std::int64_t piece);
    void ask();
    bool received(std::int64_t piece, lt::span<char const> block);
    bool assembled();
    void give_up();

    std::shared_ptr<metadata_pool> pool_;
    metadata_line &line_;
    bool shaken_ = false;
    int remote_id_ = 0;
    size_t remote_size_ = 0;

    std::vector<uint8_t> served_;
    std::deque<size_t> queue_; // at most as many as served_ lets through
    int refusals_ = 0;

    // A block each, empty where it is missing: no more memory than what the peer really sent.
    std::vector<std::string> blocks_;
    size_t received_ = 0;
    int waited_ = 0; // ticks since the last useful word
};

} // namespace clt
