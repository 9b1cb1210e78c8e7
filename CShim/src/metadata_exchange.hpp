// BEP 9 for private torrents, which the engine's own plugin does not serve. Behind the gate: only admitted
// members ever speak to it. Network thread only.
#pragma once

#include "metadata_dialogue.hpp"

#include <libtorrent/extensions.hpp>
#include <memory>
#include <vector>

namespace clt {

class metadata_peer;

class metadata_exchange final : public lt::torrent_plugin {
public:
    // Either `info` is there and served, or it is asked for and handed to the observer.
    metadata_exchange(lt::sha1_hash const &info_hash, std::shared_ptr<std::vector<char> const> info,
                      size_t max_size, metadata_observer &observer);
    ~metadata_exchange() override;

    std::shared_ptr<lt::peer_plugin> new_connection(lt::peer_connection_handle const &peer) override;
    // The held metadata was accepted: from now on it is served, and who is connected is told of it.
    void serve(std::shared_ptr<std::vector<char> const> info);
    void close();

private:
    std::shared_ptr<metadata_pool> pool_;
    std::vector<std::weak_ptr<metadata_peer>> peers_; // connected before there was metadata
};

} // namespace clt
