// BEP 9 for private torrents, which the engine's own plugin does not serve. Behind the gate: only admitted
// members ever speak to it. Network thread only.
#pragma once

#include <libtorrent/extensions.hpp>
#include <libtorrent/sha1_hash.hpp>
#include <memory>
#include <string>
#include <vector>

namespace clt {

// What the exchange tells its torrent.
struct metadata_observer {
    // An info dictionary whose SHA-1 is the torrent's info-hash. Nobody has looked inside yet.
    virtual void metadata_received(std::shared_ptr<std::vector<char> const> info) = 0;

protected:
    ~metadata_observer() = default;
};

class metadata_exchange final : public lt::torrent_plugin {
public:
    static constexpr int block_size = 16 * 1024;

    // Either `info` is there and served, or it is asked for and handed to the observer.
    metadata_exchange(lt::sha1_hash const &info_hash, std::shared_ptr<std::vector<char> const> info,
                      size_t max_size, metadata_observer &observer);
    ~metadata_exchange() override;

    std::shared_ptr<lt::peer_plugin> new_connection(lt::peer_connection_handle const &peer) override;
    // The held metadata was accepted: from now on it is served.
    void serve(std::shared_ptr<std::vector<char> const> info);
    void close();

    struct shared;

private:
    std::shared_ptr<shared> shared_;
};

} // namespace clt
