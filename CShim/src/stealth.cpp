#include "stealth.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "own_sockets.hpp"
#include "unlocks.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>

namespace clt {

namespace {

constexpr size_t most_instructions = BPF_MAXINSNS;
constexpr uint32_t take_all = 0xffffffff;
constexpr uint32_t drop = 0;
constexpr uint32_t network_header = uint32_t(SKF_NET_OFF);
constexpr uint32_t v4_source = network_header + 12, v6_source = network_header + 8;

sock_filter statement(uint16_t code, uint32_t value) {
    return BPF_STMT(code, value);
}
sock_filter jump(uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
    return BPF_JUMP(code, value, if_true, if_false);
}

using program = std::vector<sock_filter>;

struct v4_range {
    uint32_t first, last;
};

struct v6_prefix {
    lt::address_v6::bytes_type address;
    int bits;
};

// Sorted, and what overlaps or touches joined.
std::vector<v4_range> joined(std::vector<v4_range> ranges) {
    std::sort(ranges.begin(), ranges.end(), [](auto const &a, auto const &b) { return a.first < b.first; });
    std::vector<v4_range> out;
    for (v4_range const &range : ranges) {
        if (!out.empty() && uint64_t(range.first) <= uint64_t(out.back().last) + 1)
            out.back().last = std::max(out.back().last, range.last);
        else
            out.push_back(range);
    }
    return out;
}

// Joins the closest neighbours until there are few enough.
bool widen(std::vector<v4_range> &ranges, size_t most) {
    if (ranges.size() <= most) return false;
    std::vector<uint32_t> gaps;
    for (size_t i = 1; i < ranges.size(); ++i)
        gaps.push_back(ranges[i].first - ranges[i - 1].last);
    size_t const to_close = ranges.size() - most;
    std::nth_element(gaps.begin(), gaps.begin() + std::ptrdiff_t(to_close - 1), gaps.end());
    uint32_t const widest = gaps[to_close - 1];
    std::vector<v4_range> out;
    for (v4_range const &range : ranges) {
        if (!out.empty() && range.first - out.back().last <= widest)
            out.back().last = range.last;
        else
            out.push_back(range);
    }
    ranges = std::move(out);
    return true;
}

program v4_program(std::vector<v4_range> const &ranges) {
    program out{statement(BPF_LD | BPF_W | BPF_ABS, v4_source)};
    for (v4_range const &range : ranges) {
        out.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, range.first, 0, 2));
        out.push_back(jump(BPF_JMP | BPF_JGT | BPF_K, range.last, 1, 0));
        out.push_back(statement(BPF_RET | BPF_K, take_all));
    }
    out.push_back(statement(BPF_RET | BPF_K, drop));
    return out;
}

uint32_t word_at(lt::address_v6::bytes_type const &bytes, int word) {
    uint32_t out = 0;
    for (int i = 0; i < 4; ++i)
        out = out << 8 | bytes[size_t(4 * word + i)];
    return out;
}

void append_prefix(program &out, v6_prefix const &prefix) {
    program one;
    std::vector<size_t> exits; // jumps that leave for the next prefix
    for (int word = 0; word * 32 < prefix.bits; ++word) {
        int const bits = std::min(32, prefix.bits - word * 32);
        one.push_back(statement(BPF_LD | BPF_W | BPF_ABS, v6_source + uint32_t(4 * word)));
        if (bits < 32) one.push_back(statement(BPF_ALU | BPF_AND | BPF_K, ~uint32_t(0) << (32 - bits)));
        exits.push_back(one.size());
        one.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, word_at(prefix.address, word), 0, 0));
    }
    one.push_back(statement(BPF_RET | BPF_K, take_all));
    for (size_t const at : exits)
        one[at].jf = uint8_t(one.size() - at - 1);
    out.insert(out.end(), one.begin(), one.end());
}

v6_prefix covering(lt::address_v6::bytes_type first, lt::address_v6::bytes_type const &last) {
    int bits = 0;
    while (bits < 128 && (((first[size_t(bits / 8)] ^ last[size_t(bits / 8)]) >> (7 - bits % 8)) & 1) == 0)
        ++bits;
    for (int i = bits; i < 128; ++i)
        first[size_t(i / 8)] &= uint8_t(~(1u << (7 - i % 8)));
    return {first, bits};
}

} // namespace

stealth_filter build_stealth_filter(std::vector<address_range> ranges) {
    std::vector<v4_range> v4;
    program v6;
    stealth_filter out;
    // Room for IPv4 is kept: what of IPv6 does not fit is let through to the filter at accept.
    constexpr size_t room_for_v6 = most_instructions / 2;
    for (address_range const &range : ranges) {
        if (range.first.is_v4()) {
            v4.push_back({range.first.to_v4().to_uint(), range.last.to_v4().to_uint()});
        } else if (!out.is_widened) {
            append_prefix(v6, covering(range.first.to_v6().to_bytes(), range.last.to_v6().to_bytes()));
            out.is_widened = v6.size() + 1 > room_for_v6;
        }
    }
    if (out.is_widened) v6 = {statement(BPF_RET | BPF_K, take_all)};
    v6.push_back(statement(BPF_RET | BPF_K, drop));

    constexpr size_t head = 4; // version, shift, test, far jump
    v4 = joined(std::move(v4));
    out.is_widened |= widen(v4, (most_instructions - head - v6.size() - 2) / 3);
    program const four = v4_program(v4);

    out.program.push_back(statement(BPF_LD | BPF_B | BPF_ABS, network_header));
    out.program.push_back(statement(BPF_ALU | BPF_RSH | BPF_K, 4));
    out.program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, 4, 1, 0));
    out.program.push_back(
        statement(BPF_JMP | BPF_JA, uint32_t(four.size()))); // conditional jumps reach 255 only
    out.program.insert(out.program.end(), four.begin(), four.end());
    out.program.insert(out.program.end(), v6.begin(), v6.end());
    return out;
}

void attach_stealth_filter(lt::tcp::endpoint const &endpoint, stealth_filter const &filter) {
    sock_fprog const attached{uint16_t(filter.program.size()),
                              const_cast<sock_filter *>(filter.program.data())};
#ifdef CLT_TEST_UNLOCK_STEALTH
    if (attached.len != 0) return;
#endif
    if (::setsockopt(own_listener(endpoint), SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof(attached)) != 0)
        throw failure(CLT_NETWORK, std::string("SO_ATTACH_FILTER: ") + std::strerror(errno), errno);
}

} // namespace clt
