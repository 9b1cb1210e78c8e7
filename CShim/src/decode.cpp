#include "decode.hpp"

#include "error.hpp"

#include <algorithm>

namespace clt {

namespace {

constexpr uint64_t most_bytes = 256u << 20; // the decoder's offsets have 29 bits
constexpr int most_depth = 100;

} // namespace

clt_limits effective_limits(clt_limits const *limits) {
    clt_limits out = limits == nullptr ? clt_limits{} : read_struct(limits);
    auto const or_default = [](uint64_t value, uint64_t fallback, uint64_t most) {
        return value == 0 ? fallback : std::min(value, most);
    };
    out.struct_size = sizeof(out);
    out.max_depth = static_cast<uint32_t>(or_default(out.max_depth, 32, most_depth));
    out.max_bytes = or_default(out.max_bytes, 4u << 20, most_bytes);
    out.max_tokens = or_default(out.max_tokens, 500'000, 50'000'000);
    out.max_pieces = or_default(out.max_pieces, 65'536, 2'000'000);
    out.max_files = or_default(out.max_files, 100'000, 2'000'000);
    return out;
}

lt::bdecode_node decode_dictionary(lt::span<char const> bytes, clt_limits const &limits) {
    if (static_cast<uint64_t>(bytes.size()) > limits.max_bytes)
        throw failure(CLT_LIMIT, "larger than " + std::to_string(limits.max_bytes) + " bytes");
    lt::error_code ec;
    auto node = lt::bdecode(bytes, ec, nullptr, static_cast<int>(limits.max_depth),
                            static_cast<int>(limits.max_tokens));
    if (ec == lt::bdecode_errors::depth_exceeded) {
        // What is nested deeper than any client reads is broken rather than large.
        lt::error_code deeper;
        lt::bdecode(bytes, deeper, nullptr, most_depth, static_cast<int>(limits.max_tokens));
        throw failure(deeper ? CLT_MALFORMED : CLT_LIMIT, ec.message());
    }
    if (ec) throw failure(ec == lt::bdecode_errors::limit_exceeded ? CLT_LIMIT : CLT_MALFORMED, ec.message());
    if (node.type() != lt::bdecode_node::dict_t) throw failure(CLT_MALFORMED, "not a bencoded dictionary");
    return node;
}

} // namespace clt
