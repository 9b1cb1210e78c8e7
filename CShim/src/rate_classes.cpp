#include "rate_classes.hpp"
#include "error.hpp"
#include "internals.hpp"

#include <algorithm>

namespace clt {

lt::peer_class_t rate_classes::native(lt::session &session, uint32_t rate_class) {
    require(rate_class >= 1 && rate_class <= CLT_RATE_CLASSES, "there is no such rate class");
    if (!internals::usable())
        throw failure(
            CLT_ENGINE_MISMATCH,
            "rate classes rest on internals of another version of libtorrent than the one that runs");
    auto &known = natives_[rate_class - 1];
    // The session keeps it until it ends.
    if (!known) known = session.create_peer_class("rate class");
    return *known;
}

void rate_classes::limit(lt::session &session, uint32_t rate_class, uint64_t upload, uint64_t download) {
    lt::peer_class_t const id = native(session, rate_class);
    constexpr uint64_t most = 0x7ffffffe;
    lt::peer_class_info info = session.get_peer_class(id);
    info.upload_limit = int(std::min(upload, most));
    info.download_limit = int(std::min(download, most));
    session.set_peer_class(id, info);
}

void rate_classes::move(lt::session &session, lt::torrent_handle const &torrent, uint32_t from, uint32_t to) {
    if (from == to) return;
    if (to != 0) internals::join_peer_class(torrent, native(session, to));
    if (from != 0) internals::leave_peer_class(torrent, native(session, from));
}

} // namespace clt
