// Reads of pieces that are asked for before or after they are verified, and the order in which the torrent is
// fetched meanwhile: what is waited for comes first, and the rest in order, as long as somebody waits.
// Network thread only.
#pragma once

#include "clibtorrent.h"
#include "file_selection.hpp"

#include <libtorrent/error_code.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <boost/shared_array.hpp>
#include <map>
#include <memory>
#include <vector>

namespace clt {

// What the reads tell their torrent.
struct piece_reads_observer {
    // A verified piece is to be read. The answer goes to piece_reads::on_read() or ask_again().
    virtual void begin_read(int piece) = 0;
    // `data` is null where `error` says why.
    virtual void piece_read(uint64_t request, int piece, boost::shared_array<char> const &data, size_t size,
                            lt::error_code const &error) = 0;

protected:
    ~piece_reads_observer() = default;
};

class piece_reads final : public lt::torrent_plugin {
public:
    // `always_in_order`: the caller wants that whether somebody waits or not.
    piece_reads(piece_reads_observer &observer, std::shared_ptr<file_selection const> selection,
                bool always_in_order)
        : observer_(&observer), selection_(std::move(selection)), always_in_order_(always_in_order) {}

    void read(lt::torrent_handle const &torrent, int piece, uint64_t request);
    void cancel(lt::torrent_handle const &torrent, std::vector<uint64_t> const &requests);
    // The answer to begin_read().
    void on_read(lt::torrent_handle const &torrent, int piece, boost::shared_array<char> const &data,
                 size_t size, lt::error_code const &error);
    // The answer is not to be believed: the piece is read again at the next look.
    void ask_again(int piece);
    // Whoever still waits is told why it does so in vain.
    void fail_all(lt::error_code const &error);
    // Now and then: is there what somebody waits for? With `after_loss`, answers may have been lost too.
    void look_again(lt::torrent_handle const &torrent, bool after_loss);
    void set_always_in_order(lt::torrent_handle const &torrent, bool always);
    // Every piece has the priority that the selection gives it, from here on what is waited for too.
    void priorities_set(lt::torrent_handle const &torrent);
    void close() { observer_ = nullptr; }

    void on_piece_pass(lt::piece_index_t piece) override;

private:
    struct entry {
        std::vector<uint64_t> requests;
        bool asked = false;    // the engine reads it
        bool is_first = false; // its priority is raised
    };

    bool is_there(lt::torrent_handle const &torrent, int piece) const;
    void steer(lt::torrent_handle const &torrent);
    void prefer(lt::torrent_handle const &torrent, int piece, entry &of, bool is_first);

    piece_reads_observer *observer_; // nullptr once closed
    std::shared_ptr<file_selection const> const selection_;
    bool always_in_order_;
    std::map<int, entry> pieces_;
    // Passed their hash. The engine says that it has a piece only once its last block is written; a read
    // finds blocks that are still to be written too.
    std::vector<bool> passed_;
    size_t open_ = 0; // requests
    int first_missing_ = 0;
    bool in_order_ = false;
    lt::torrent_handle torrent_; // of the last read
};

} // namespace clt
