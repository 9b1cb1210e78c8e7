// SHA-256 of bytes that come in parts, by the engine's own means.
#include "error.hpp"

#include <cstring>
#include <libtorrent/hasher.hpp>

struct clt_sha256 {
    lt::hasher256 hasher;
};

extern "C" {

int32_t clt_sha256_new(clt_sha256 **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        *out = new clt_sha256;
    });
}

int32_t clt_sha256_update(clt_sha256 *hash, void const *data, size_t length, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(hash != nullptr && (data != nullptr || length == 0), "an argument is NULL");
        if (length > 0) hash->hasher.update({static_cast<char const *>(data), std::ptrdiff_t(length)});
    });
}

int32_t clt_sha256_finish(clt_sha256 *hash, uint8_t out[32], clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(hash != nullptr && out != nullptr, "an argument is NULL");
        lt::sha256_hash const digest = hash->hasher.final();
        std::memcpy(out, digest.data(), 32);
        hash->hasher.reset();
    });
}

void clt_sha256_free(clt_sha256 *hash) noexcept {
    delete hash;
}

} // extern "C"
