// Limits that the torrents of a class share, beside each torrent's own and the engine's. Network thread only.
#pragma once

#include "clibtorrent.h"

#include <libtorrent/peer_class.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <array>
#include <optional>

namespace clt {

class rate_classes {
public:
    // Bytes a second, 0 = none. Throws INVALID_ARGUMENT, and ENGINE_MISMATCH where classes cannot be had.
    void limit(lt::session &session, uint32_t rate_class, uint64_t upload, uint64_t download);
    // Takes the torrent out of one class and puts it into another; 0 = none.
    void move(lt::session &session, lt::torrent_handle const &torrent, uint32_t from, uint32_t to);

private:
    lt::peer_class_t native(lt::session &session, uint32_t rate_class);

    std::array<std::optional<lt::peer_class_t>, CLT_RATE_CLASSES> natives_;
};

} // namespace clt
