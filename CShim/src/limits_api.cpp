// The C API of rate limits.
#include "engine_call.hpp"
#include "settings.hpp"

#include <libtorrent/settings_pack.hpp>

#include <algorithm>

namespace {

lt::settings_pack pace_of(uint64_t upload, uint64_t download) {
    return upload == 0 && download == 0 ? lt::settings_pack() : clt::pace_of_limits();
}

} // namespace

extern "C" {

int32_t clt_engine_set_rate_limits(clt_engine *engine, uint64_t upload, uint64_t download,
                                   clt_error *error) noexcept {
    return clt::guard(error, [&] {
        constexpr uint64_t most = 0x7fffffff;
        lt::settings_pack pack = pace_of(upload, download);
        pack.set_int(lt::settings_pack::upload_rate_limit, int(std::min(upload, most)));
        pack.set_int(lt::settings_pack::download_rate_limit, int(std::min(download, most)));
        clt::engine &native = clt::checked(engine);
        native.run([&] { native.session().apply_settings(std::move(pack)); });
    });
}

int32_t clt_engine_set_class_limits(clt_engine *engine, uint32_t rate_class, uint64_t upload,
                                    uint64_t download, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::engine &native = clt::checked(engine);
        native.run([&] {
            native.classes().limit(native.session(), rate_class, upload, download);
            native.session().apply_settings(pace_of(upload, download));
        });
    });
}

int32_t clt_torrent_set_rate_class(clt_engine *engine, clt_torrent_id torrent, uint32_t rate_class,
                                   clt_error *error) noexcept {
    return clt::with_torrent(engine, torrent, error, [&](clt::engine &native, clt::torrent &t) {
        native.set_rate_class(t, rate_class);
    });
}

int32_t clt_torrent_set_rate_limits(clt_engine *engine, clt_torrent_id torrent, uint32_t upload,
                                    uint32_t download, clt_error *error) noexcept {
    return clt::with_torrent(engine, torrent, error, [&](clt::engine &native, clt::torrent &t) {
        t.set_rate_limits(upload, download);
        native.session().apply_settings(pace_of(upload, download));
    });
}

} // extern "C"
