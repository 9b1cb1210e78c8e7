// Messages between members: the extension `slskdn` (BEP 10), behind the gate, in the torrents that ask for
// it. A signal is handed up only where the peer's claim of who it is, made in its first extension handshake,
// is the ID that policy gave to its address. Network thread only.
#pragma once

#include "membership.hpp"

#include <libtorrent/extensions.hpp>
#include <libtorrent/span.hpp>
#include <memory>
#include <string>

namespace clt {

// What the channel tells its torrent.
struct message_observer {
    // False where it cannot be kept: it is then counted as dropped.
    virtual bool message_received(lt::tcp::endpoint const &remote, std::string const &peer_id, uint8_t kind,
                                  lt::span<char const> body) = 0;

protected:
    ~message_observer() = default;
};

class message_channel final : public lt::torrent_plugin {
public:
    // `own_id` is what we claim to be; nothing is said where it is empty.
    message_channel(std::shared_ptr<membership const> members, std::string own_id,
                    message_observer &observer);
    ~message_channel() override;

    std::shared_ptr<lt::peer_plugin> new_connection(lt::peer_connection_handle const &peer) override;
    clt_send_outcome send(lt::tcp::endpoint const &remote, uint8_t kind, lt::span<char const> body);
    clt_send_outcome send(std::string const &peer_id, uint8_t kind, lt::span<char const> body);
    clt_message_counters const &counters() const;
    void close();

    struct shared;

private:
    std::shared_ptr<shared> shared_;
};

} // namespace clt
