#include "versions.hpp"
#include "error.hpp"
#include "internals.hpp"

#include <libtorrent/version.hpp>

#include <cstdio>
#include <string>

namespace clt {

namespace {

struct version {
    int major = 0, minor = 0, tiny = 0;
};

version running() noexcept {
    version v;
    if (std::sscanf(lt::version(), "%d.%d.%d", &v.major, &v.minor, &v.tiny) != 3) return {};
    return v;
}

} // namespace

bool runs_newer_patch_level() noexcept {
    return running().tiny > LIBTORRENT_VERSION_TINY;
}

void check_versions(uint32_t callers_abi) {
    if (callers_abi != CLT_ABI_VERSION)
        throw failure(CLT_ABI_MISMATCH, "the caller was compiled against shim ABI " +
                                            std::to_string(callers_abi) + ", this shim has ABI " +
                                            std::to_string(CLT_ABI_VERSION) +
                                            ": rebuild both from one version");
    version const v = running();
    // libtorrent keeps its ABI within major.minor, and a library older than the headers may lack what they
    // promise.
    if (v.major != LIBTORRENT_VERSION_MAJOR || v.minor != LIBTORRENT_VERSION_MINOR ||
        v.tiny < LIBTORRENT_VERSION_TINY)
        throw failure(CLT_ENGINE_MISMATCH, std::string("compiled against libtorrent ") + LIBTORRENT_VERSION +
                                               ", running with " + lt::version() +
                                               ": rebuild, or install the version compiled against");
}

} // namespace clt

extern "C" int32_t clt_get_versions(clt_versions *out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt_versions versions{};
        versions.abi = CLT_ABI_VERSION;
        versions.engine_compiled = LIBTORRENT_VERSION;
        versions.engine_running = lt::version();
        versions.internals_usable = clt::internals::usable() ? 1 : 0;
        clt::write_struct(out, versions);
    });
}
