#include "magnet.hpp"

#include "error.hpp"
#include "names.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <optional>

namespace clt {

namespace {

constexpr size_t max_text = 64u << 10;
constexpr size_t max_peers = 1000;
constexpr size_t max_name = 1024;

failure malformed(std::string why) {
    return failure(CLT_MALFORMED, std::move(why));
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char &c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            int const high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            int const low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                throw malformed("a percent sign is not followed by two hexadecimal digits");
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

bool decode_hex(std::string_view text, uint8_t *out, size_t length) {
    if (text.size() != length * 2) return false;
    for (size_t i = 0; i < length; ++i) {
        int const high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = static_cast<uint8_t>(high * 16 + low);
    }
    return true;
}

// RFC 4648; 32 digits are exactly 20 bytes.
bool decode_base32(std::string_view text, uint8_t *out) {
    if (text.size() != 32) return false;
    uint64_t bits = 0;
    int count = 0;
    for (char const c : text) {
        int value = -1;
        if (is_letter(c)) value = (c | 0x20) - 'a';
        if (c >= '2' && c <= '7') value = c - '2' + 26;
        if (value < 0) return false;
        bits = (bits << 5) | static_cast<uint64_t>(value);
        if ((count += 5) < 8) continue;
        count -= 8;
        *out++ = static_cast<uint8_t>(bits >> count);
    }
    return true;
}

void read_exact_topic(clt_magnet &magnet, std::string_view value) {
    std::string const topic = percent_decode(value, false);
    std::string const urn = lower(std::string_view(topic).substr(0, 9));
    std::string_view const hash = std::string_view(topic).substr(std::min<size_t>(9, topic.size()));
    if (urn == "urn:btih:") {
        if (magnet.has_v1) throw malformed("there is more than one btih hash");
        if (!decode_hex(hash, magnet.info_hash_v1, 20) && !decode_base32(hash, magnet.info_hash_v1))
            throw malformed("the btih hash is neither 40 hexadecimal nor 32 base32 digits");
        magnet.has_v1 = true;
    } else if (urn == "urn:btmh:") {
        if (magnet.has_v2) throw malformed("there is more than one btmh hash");
        if (hash.substr(0, 4) != "1220" || !decode_hex(hash.substr(4), magnet.info_hash_v2, 32))
            throw malformed("the btmh hash is not a SHA-256 multihash of 68 hexadecimal digits");
        magnet.has_v2 = true;
    }
}

uint64_t read_number(std::string_view text, uint64_t most, char const *what) {
    uint64_t value = 0;
    if (text.empty() || text.size() > 19 || !is_digits(text))
        throw malformed(std::string(what) + " is no number");
    for (char const c : text)
        value = value * 10 + static_cast<uint64_t>(c - '0');
    if (value > most) throw malformed(std::string(what) + " is out of range");
    return value;
}

bool is_dialable(clt_endpoint const &peer) {
    uint8_t const *a = peer.address;
    if (peer.family == 4) return a[0] != 0 && a[0] < 224; // "this network", multicast, reserved, broadcast
    bool const unspecified = std::all_of(a, a + 16, [](uint8_t b) { return b == 0; });
    return !unspecified && a[0] != 0xFF;
}

// None for a host name, which is never resolved: that would be a packet to a stranger.
std::optional<clt_endpoint> read_peer(std::string const &text) {
    size_t const colon = text.rfind(':');
    if (colon == std::string::npos) throw malformed("a peer (x.pe) has no port");
    uint64_t const port =
        read_number(std::string_view(text).substr(colon + 1), 65535, "the port of a peer (x.pe)");
    if (port == 0) throw malformed("the port of a peer (x.pe) is 0");

    clt_endpoint peer{};
    peer.port = static_cast<uint16_t>(port);
    std::string const host = text.substr(0, colon);
    if (host.find('\0') != std::string::npos) throw malformed("a peer (x.pe) has a NUL byte");
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        in6_addr v6{};
        if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) != 1)
            throw malformed("a peer (x.pe) has a malformed IPv6 address");
        // A v4 address in v6 clothing would slip past rules for v4.
        bool const mapped = IN6_IS_ADDR_V4MAPPED(&v6);
        peer.family = mapped ? 4 : 6;
        std::memcpy(peer.address, v6.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
    } else if (in_addr v4{}; inet_pton(AF_INET, host.c_str(), &v4) == 1) {
        peer.family = 4;
        std::memcpy(peer.address, &v4, 4);
    } else {
        bool const name_like = std::all_of(host.begin(), host.end(), [](char c) {
            return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        });
        if (!name_like || std::none_of(host.begin(), host.end(), is_letter))
            throw malformed("a peer (x.pe) has neither an address nor a host name");
        return std::nullopt;
    }
    if (!is_dialable(peer)) throw malformed("a peer (x.pe) has an address that is nobody's");
    return peer;
}

void add_peer(clt_magnet &magnet, std::string_view value) {
    auto const peer = read_peer(percent_decode(value, false));
    if (!peer) {
        magnet.dropped |= CLT_DROPPED_HOST_NAMES;
        return;
    }
    auto const same = [&](clt_endpoint const &other) {
        return std::memcmp(&other, &*peer, sizeof(other)) == 0;
    };
    if (std::any_of(magnet.peers.begin(), magnet.peers.end(), same)) return;
    if (magnet.peers.size() == max_peers) throw failure(CLT_LIMIT, "the magnet link has too many peers");
    magnet.peers.push_back(*peer);
}

void read_parameter(clt_magnet &magnet, std::string_view name, std::string_view value, bool *has_size) {
    std::string key = lower(name);
    // "tr.1" is "tr"; "x.pe" is not "x".
    size_t const dot = key.rfind('.');
    if (dot != std::string::npos && dot + 1 < key.size() && is_digits(key.substr(dot + 1))) key.resize(dot);

    if (key == "xt") {
        read_exact_topic(magnet, value);
    } else if (key == "dn") {
        if (magnet.name.empty()) magnet.name = clean_text(percent_decode(value, true), max_name);
    } else if (key == "xl") {
        uint64_t const size = read_number(percent_decode(value, false), INT64_MAX, "the size (xl)");
        if (*has_size && size != magnet.size) throw malformed("there are two sizes (xl)");
        magnet.size = size;
        *has_size = true;
    } else if (key == "x.pe") {
        add_peer(magnet, value);
    } else if (key == "tr") {
        magnet.dropped |= CLT_DROPPED_TRACKERS;
    } else if (key == "ws" || key == "as" || key == "xs") {
        magnet.dropped |= CLT_DROPPED_WEB_SEEDS;
    } else if (key == "dht") {
        magnet.dropped |= CLT_DROPPED_NODES;
    }
}

} // namespace

clt_magnet parse_magnet(std::string_view text) {
    if (text.size() > max_text) throw failure(CLT_LIMIT, "the magnet link is longer than 64 KiB");
    constexpr std::string_view scheme = "magnet:?";
    if (lower(text.substr(0, scheme.size())) != scheme)
        throw malformed("a magnet link begins with \"magnet:?\"");
    for (char const c : text)
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F)
            throw malformed("a magnet link has no spaces or control characters");
    text.remove_prefix(scheme.size());

    clt_magnet magnet;
    bool has_size = false;
    while (!text.empty()) {
        std::string_view const parameter = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(parameter.size() + 1, text.size()));
        size_t const equals = parameter.find('=');
        if (equals == std::string_view::npos) continue;
        read_parameter(magnet, parameter.substr(0, equals), parameter.substr(equals + 1), &has_size);
    }
    if (!magnet.has_v1 && !magnet.has_v2) throw malformed("the magnet link has no BitTorrent hash (xt)");
    return magnet;
}

} // namespace clt

extern "C" {

int32_t clt_magnet_parse(char const *text, size_t length, clt_magnet **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr && (text != nullptr || length == 0), "an argument is NULL");
        *out = new clt_magnet(clt::parse_magnet({text == nullptr ? "" : text, length}));
    });
}

void clt_magnet_free(clt_magnet *magnet) noexcept {
    delete magnet;
}

int32_t clt_magnet_get_summary(clt_magnet const *magnet, clt_magnet_summary *out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(magnet != nullptr, "magnet is NULL");
        clt_magnet_summary summary{};
        summary.dropped = magnet->dropped;
        summary.has_v1 = magnet->has_v1;
        summary.has_v2 = magnet->has_v2;
        std::memcpy(summary.info_hash_v1, magnet->info_hash_v1, sizeof(summary.info_hash_v1));
        std::memcpy(summary.info_hash_v2, magnet->info_hash_v2, sizeof(summary.info_hash_v2));
        summary.size = magnet->size;
        summary.peer_count = magnet->peers.size();
        summary.name = magnet->name.c_str();
        summary.name_length = magnet->name.size();
        clt::write_struct(out, summary);
    });
}

int32_t clt_magnet_get_peer(clt_magnet const *magnet, uint64_t index, clt_endpoint *out,
                            clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(magnet != nullptr && out != nullptr, "an argument is NULL");
        clt::require(index < magnet->peers.size(), "there is no peer of that index");
        *out = magnet->peers[index];
    });
}

} // extern "C"
