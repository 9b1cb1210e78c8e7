// Any text as a magnet link: no crash, and what parses is within its bounds.
#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size) {
    clt_error error{};
    error.struct_size = sizeof(error);
    clt_magnet *magnet = nullptr;
    if (clt_magnet_parse(reinterpret_cast<char const *>(data), size, &magnet, &error) != CLT_OK) {
        expect(error.code == CLT_MALFORMED || error.code == CLT_LIMIT);
        return 0;
    }
    clt_magnet_summary summary{};
    summary.struct_size = sizeof(summary);
    expect(clt_magnet_get_summary(magnet, &summary, nullptr) == CLT_OK);
    expect(summary.has_v1 != 0 || summary.has_v2 != 0);
    expect(summary.name_length <= 1024);
    for (size_t i = 0; i < summary.name_length; ++i)
        expect(static_cast<unsigned char>(summary.name[i]) >= 0x20);
    for (uint64_t i = 0; i < summary.peer_count; ++i) {
        clt_endpoint peer{};
        expect(clt_magnet_get_peer(magnet, i, &peer, nullptr) == CLT_OK);
        expect(peer.port != 0 && (peer.family == 4 || peer.family == 6));
    }
    clt_magnet_free(magnet);
    return 0;
}
