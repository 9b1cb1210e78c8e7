// Any bytes, as a .torrent and as an info dictionary: no crash, and what parses keeps the promises of the
// header.
#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size) {
    clt_error error{};
    error.struct_size = sizeof(error);
    clt_metainfo *metainfo = nullptr;
    if (clt_metainfo_parse(data, size, nullptr, &metainfo, &error) == CLT_OK) {
        check_metainfo(metainfo);
        clt_metainfo_free(metainfo);
    } else {
        expect(error.code == CLT_MALFORMED || error.code == CLT_LIMIT);
    }
    if (clt_metainfo_parse_info(data, size, nullptr, &metainfo, nullptr) == CLT_OK) {
        check_metainfo(metainfo);
        clt_metainfo_free(metainfo);
    }
    return 0;
}
