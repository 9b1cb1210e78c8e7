// A whole engine, and a member that says anything after a correct handshake: messages of BEP 3, 6, 10 and
// what the engine knows beside, with their lengths put right. The engine must go on, answer no more than what
// was asked for, close when the member does, dial nobody, and stop no torrent.
//
// The input: a byte that chooses the torrent (one that is seeded, one that is fetched, one that waits for its
// metadata), a byte of flags, and messages, each with its length in two bytes.
//
// The engine is Debian's and not instrumented, so what it answers and says stands in for coverage.
#include "torrents.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

namespace {

[[gnu::section("__libfuzzer_extra_counters")]] uint8_t counters[4096];

void seen(std::string const &what) {
    counters[std::hash<std::string>()(what) % sizeof(counters)] = 1;
}

enum : uint8_t { flag_no_extensions = 1, flag_fast = 2, flag_dht = 4, flag_v2 = 8, flag_pieces = 16 };

struct input {
    uint8_t torrent = 0, flags = 0;
    std::vector<std::string> messages;

    input(uint8_t const *data, size_t size) {
        std::string rest(reinterpret_cast<char const *>(data), size);
        rest.resize(std::max<size_t>(size, 2));
        torrent = uint8_t(rest[0]) % 3;
        flags = uint8_t(rest[1]);
        for (size_t at = 2; at + 2 <= rest.size();) {
            size_t const length = size_t(uint8_t(rest[at])) << 8 | uint8_t(rest[at + 1]);
            messages.push_back(rest.substr(at + 2, length));
            at += 2 + length;
        }
    }

    std::string bytes() const {
        std::string out{char(torrent), char(flags)};
        for (std::string const &message : messages) {
            out += char(message.size() >> 8);
            out += char(message.size());
            out += message;
        }
        return out;
    }
};

std::string with_length(std::string const &message) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8)
        out += char(message.size() >> shift);
    return out + message;
}

class world {
public:
    world() {
        folder_ = std::filesystem::temp_directory_path() / "fuzz-extensions-XXXXXX";
        expect(::mkdtemp(folder_.data()) != nullptr);
        std::ofstream(folder_ + "/seeded") << std::string(40'000, 'x');

        clt_engine_options options{};
        options.struct_size = sizeof(options);
        options.abi_version = CLT_ABI_VERSION;
        std::string const listen = "127.0.0.1:0";
        options.listen_interfaces = listen.data();
        options.listen_interfaces_length = listen.size();
        expect(clt_engine_create(&options, &engine_, nullptr) == CLT_OK);
        add(0, make_torrent("seeded", 1, 40'000), CLT_ADD_HAVE_ALL);
        add(1, make_torrent("fetched", 1, 40'000), 0);
        add(2, make_torrent("wanted", 1, 40'000), 0);
        for (int waited = 0; port_ == 0 || checked_ < 2; ++waited) {
            expect(waited < 600);
            pollfd entry{clt_engine_event_fd(engine_), POLLIN, 0};
            ::poll(&entry, 1, 100);
            take_events();
        }
    }

    ~world() {
        (void)clt_engine_destroy(engine_, 10'000, nullptr);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    // Whether a member with good manners is let in.
    bool is_alive() {
        int const peer = dial();
        send(peer, handshake_for(0));
        char answer[68];
        bool const alive = ::recv(peer, answer, sizeof(answer), MSG_WAITALL) == ssize_t(sizeof(answer));
        ::close(peer);
        return alive;
    }

    // False where the engine said nothing at all, as it may: it did not like what it heard.
    bool run(input const &what) {
        int const peer = dial();
        std::string handshake = handshake_for(what.torrent);
        if ((what.flags & flag_no_extensions) == 0) handshake[25] = 0x10;
        if ((what.flags & flag_fast) != 0) handshake[27] = char(handshake[27] | 0x04);
        if ((what.flags & flag_dht) != 0) handshake[27] = char(handshake[27] | 0x01);
        if ((what.flags & flag_v2) != 0) handshake[27] = char(handshake[27] | 0x10);
        std::string all = handshake;
        for (std::string const &message : what.messages)
            all += with_length(message);
        if ((what.flags & flag_pieces) != 0) {
            size_t const part = 1 + all.size() / 7;
            for (size_t at = 0; at < all.size(); at += part)
                send(peer, all.substr(at, part));
        } else {
            send(peer, all);
        }
        ::shutdown(peer, SHUT_WR);
        std::string const answer = receive(peer);
        ::close(peer);
        take_events();
        // A request is answered by a block.
        expect(answer.size() <= 200'000 + what.messages.size() * 17'408);
        look_at(answer);
        return !answer.empty();
    }

private:
    std::string handshake_for(size_t torrent) const {
        return "\x13"
               "BitTorrent protocol" +
               std::string(8, '\0') + std::string(reinterpret_cast<char const *>(hashes_[torrent]), 20) +
               "-XX0000-000000000000";
    }

    void add(size_t index, small_torrent const &torrent, uint32_t flags) {
        std::copy_n(torrent.summary.info_hash_v1, 20, hashes_[index]);
        clt_member everybody{};
        everybody.struct_size = sizeof(everybody);
        everybody.kind = CLT_MEMBER_ADDRESS_RANGE;
        everybody.first = clt_endpoint{4, 0, 0, {127, 0, 0, 0}};
        everybody.last = clt_endpoint{4, 0, 0, {127, 255, 255, 255}};
        clt_add_options options{};
        options.struct_size = sizeof(options);
        options.flags = flags;
        if (index != 2) options.metainfo = torrent.metainfo;
        std::copy_n(torrent.summary.info_hash_v1, 20, options.info_hash);
        options.save_path = folder_.data();
        options.save_path_length = folder_.size();
        options.members = &everybody;
        options.member_count = 1;
        clt_torrent_id id = 0;
        expect(clt_torrent_add(engine_, &options, &id, nullptr) == CLT_OK);
        expect(clt_torrent_start(engine_, id, nullptr, 0, nullptr) == CLT_OK);
        clt_metainfo_free(torrent.metainfo);
    }

    void take_events() {
        clt_event const *events = nullptr;
        size_t count = 0;
        expect(clt_engine_drain_events(engine_, &events, &count, nullptr) == CLT_OK);
        for (size_t i = 0; i < count; ++i) {
            clt_event const &e = events[i];
            std::string const text(e.text, e.text_length);
            if (e.kind == CLT_EVENT_LISTENING) port_ = e.endpoint.port;
            if (e.kind == CLT_EVENT_CHECKED) ++checked_;
            bool const harm = e.kind == CLT_EVENT_STORAGE_ERROR || e.kind == CLT_EVENT_METADATA_RECEIVED ||
                              (e.kind == CLT_EVENT_LOG && e.value >= 4) ||
                              (e.kind == CLT_EVENT_STATE && e.value == CLT_STATE_FAILED) ||
                              (e.kind == CLT_EVENT_PEER_REFUSED && e.direction == CLT_OUTGOING) ||
                              (e.kind == CLT_EVENT_PEER_CONNECTED && e.direction == CLT_OUTGOING);
            if (harm) std::fprintf(stderr, "event %u, value %ld: %s\n", e.kind, long(e.value), text.c_str());
            expect(!harm);
            seen("event " + std::to_string(e.kind) + " " + std::to_string(e.value) + text);
        }
    }

    // Each time from another address, as one that sent bad data is banned.
    int dial() {
        int const peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        expect(peer >= 0);
        sockaddr_in local{};
        local.sin_family = AF_INET;
        local.sin_addr.s_addr = htonl(0x7f010000 + ++dials_ % 0xfe0000);
        expect(::bind(peer, reinterpret_cast<sockaddr *>(&local), sizeof(local)) == 0);
        sockaddr_in remote{};
        remote.sin_family = AF_INET;
        remote.sin_port = htons(port_);
        remote.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        expect(::connect(peer, reinterpret_cast<sockaddr *>(&remote), sizeof(remote)) == 0);
        timeval const patience{50, 0};
        ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        ::setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        return peer;
    }

    // The engine may cut it at any byte.
    static void send(int peer, std::string const &bytes) {
        for (size_t at = 0; at < bytes.size();) {
            ssize_t const sent = ::send(peer, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
            if (sent <= 0) return;
            at += size_t(sent);
        }
    }

    static std::string receive(int peer) {
        std::string out;
        static char buffer[65536];
        for (;;) {
            ssize_t const got = ::recv(peer, buffer, sizeof(buffer), 0);
            if (got == 0 || (got < 0 && errno == ECONNRESET)) return out;
            expect(got > 0); // it did not close
            out.append(buffer, size_t(got));
        }
    }

    static void look_at(std::string const &answer) {
        for (size_t at = 68; at + 5 <= answer.size();) {
            size_t length = 0;
            for (int i = 0; i < 4; ++i)
                length = length << 8 | uint8_t(answer[at + size_t(i)]);
            if (length == 0 || length > answer.size()) return;
            seen("answer " + answer.substr(at + 4, answer[at + 4] == 20 ? 2 : 1) +
                 std::to_string(length / 256));
            at += 4 + length;
        }
    }

    std::string folder_;
    clt_engine *engine_ = nullptr;
    uint8_t hashes_[3][20]{};
    uint16_t port_ = 0;
    int checked_ = 0;
    uint32_t dials_ = 0;
};

std::unique_ptr<world> &the_world() {
    static std::unique_ptr<world> it;
    return it;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size) {
    input const what(data, size);
    auto &engine = the_world();
    if (!engine) engine = std::make_unique<world>();
    if (engine->run(what) || engine->is_alive()) return 0;
    // So many members came and went that no more are let in: begin anew, and then they must be.
    engine = std::make_unique<world>();
    engine->run(what);
    expect(engine->is_alive());
    return 0;
}

// One message at a time, or their order.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    std::minstd_rand random(seed);
    input what(data, size);
    auto &messages = what.messages;
    auto const any = [&](size_t count) { return count == 0 ? 0 : random() % count; };
    size_t const at = any(messages.size());
    switch (random() % 8) {
    case 0:
        what.torrent = uint8_t(random() % 3);
        what.flags = uint8_t(1 << (random() % 6));
        break;
    case 1:
        if (!messages.empty()) messages.insert(messages.begin() + long(any(messages.size())), messages[at]);
        break;
    case 2:
        if (messages.size() > 1) messages.erase(messages.begin() + long(at));
        break;
    case 3:
        if (!messages.empty()) std::swap(messages[at], messages[any(messages.size())]);
        break;
    default:
        if (messages.empty()) messages.emplace_back();
        std::string &message = messages[std::min(at, messages.size() - 1)];
        std::vector<uint8_t> room(std::max<size_t>(message.size() * 2 + 64, 64));
        std::copy(message.begin(), message.end(), room.begin());
        size_t const length =
            LLVMFuzzerMutate(room.data(), message.size(), std::min<size_t>(room.size(), 0xffff));
        message.assign(room.begin(), room.begin() + long(length));
    }
    std::string const out = what.bytes();
    if (out.size() > max_size) return size;
    std::copy(out.begin(), out.end(), data);
    return out.size();
}
