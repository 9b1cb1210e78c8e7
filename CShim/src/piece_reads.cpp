#include "piece_reads.hpp"
#include "error.hpp"

#include <libtorrent/download_priority.hpp>
#include <libtorrent/torrent_flags.hpp>
#include <libtorrent/torrent_info.hpp>

#include <algorithm>

namespace clt {

void piece_reads::read(lt::torrent_handle const &torrent, int piece, uint64_t request) {
    auto const info = torrent.torrent_file();
    if (!info) throw failure(CLT_WRONG_STATE, "there are no pieces before the metadata is there");
    require(piece >= 0 && piece < info->num_pieces(), "the torrent has no such piece");
    if (open_ >= CLT_PIECE_READS_MAX) throw failure(CLT_LIMIT, "too many reads of pieces are open");
    torrent_ = torrent;
    entry &e = pieces_[piece];
    e.requests.push_back(request);
    ++open_;
    if (!e.asked && is_there(torrent, piece)) {
        e.asked = true;
        if (observer_ != nullptr) observer_->begin_read(piece);
    }
    steer(torrent);
}

void piece_reads::cancel(lt::torrent_handle const &torrent, std::vector<uint64_t> const &requests) {
    for (auto at = pieces_.begin(); at != pieces_.end();) {
        auto &open = at->second.requests;
        auto const gone = std::remove_if(open.begin(), open.end(), [&](uint64_t request) {
            return std::find(requests.begin(), requests.end(), request) != requests.end();
        });
        open_ -= size_t(open.end() - gone);
        open.erase(gone, open.end());
        if (!open.empty()) {
            ++at;
            continue;
        }
        prefer(torrent, at->first, at->second, false);
        at = pieces_.erase(at);
    }
    steer(torrent);
}

bool piece_reads::is_there(lt::torrent_handle const &torrent, int piece) const {
    return (size_t(piece) < passed_.size() && passed_[size_t(piece)]) ||
           torrent.have_piece(lt::piece_index_t(piece));
}

void piece_reads::on_piece_pass(lt::piece_index_t piece) {
    auto const index = size_t(static_cast<int>(piece));
    if (index >= passed_.size()) passed_.resize(index + 1);
    passed_[index] = true;
    auto const found = pieces_.find(static_cast<int>(piece));
    if (found == pieces_.end()) return;
    found->second.asked = true;
    if (observer_ != nullptr) observer_->begin_read(static_cast<int>(piece));
    steer(torrent_);
}

void piece_reads::on_read(lt::torrent_handle const &torrent, int piece, boost::shared_array<char> const &data,
                          size_t size, lt::error_code const &error) {
    auto const found = pieces_.find(piece);
    if (found == pieces_.end()) return;
    entry const answered = std::move(found->second);
    pieces_.erase(found);
    open_ -= answered.requests.size();
    for (uint64_t const request : answered.requests)
        if (observer_ != nullptr) observer_->piece_read(request, piece, data, size, error);
    steer(torrent);
}

void piece_reads::ask_again(int piece) {
    auto const found = pieces_.find(piece);
    if (found != pieces_.end()) found->second.asked = false;
}

void piece_reads::fail_all(lt::error_code const &error) {
    auto const failed = std::move(pieces_);
    pieces_.clear();
    open_ = 0;
    passed_.clear(); // what was not written may be lost
    for (auto const &[piece, entry] : failed)
        for (uint64_t const request : entry.requests)
            if (observer_ != nullptr) observer_->piece_read(request, piece, {}, 0, error);
}

void piece_reads::look_again(lt::torrent_handle const &torrent, bool after_loss) {
    for (auto &[piece, entry] : pieces_) {
        if ((entry.asked && !after_loss) || !is_there(torrent, piece)) continue;
        entry.asked = true;
        if (observer_ != nullptr) observer_->begin_read(piece);
    }
    steer(torrent);
}

// The engine's sequential mode goes from the first missing piece on and does not leave a peer idle: beyond
// what is waited for it simply goes further. Where a reader waits for something else than that first piece
// (it began in the middle), what it waits for is raised to the top. While nobody waits, because the reader is
// the slow side, pieces are fetched rarest first, as the swarm likes it best.
void piece_reads::steer(lt::torrent_handle const &torrent) {
    int first_waited = -1;
    for (auto const &[piece, entry] : pieces_)
        if (!entry.asked) {
            first_waited = piece;
            break;
        }
    if ((first_waited >= 0) != in_order_ && !always_in_order_) {
        in_order_ = first_waited >= 0;
        if (in_order_)
            torrent.set_flags(lt::torrent_flags::sequential_download);
        else
            torrent.unset_flags(lt::torrent_flags::sequential_download);
    }
    if (first_waited < 0) return;
    while (first_missing_ < first_waited && is_there(torrent, first_missing_))
        ++first_missing_;
    bool const from_the_middle = first_missing_ < first_waited;
    // What is read is wanted, whatever was said of its file.
    for (auto &[piece, entry] : pieces_)
        if (!entry.asked)
            prefer(torrent, piece, entry,
                   from_the_middle || selection_->of_piece(piece) == lt::dont_download);
}

void piece_reads::prefer(lt::torrent_handle const &torrent, int piece, entry &of, bool is_first) {
    if (of.is_first == is_first) return;
    of.is_first = is_first;
    torrent.piece_priority(lt::piece_index_t(piece),
                           is_first ? lt::top_priority : selection_->of_piece(piece));
}

void piece_reads::priorities_set(lt::torrent_handle const &torrent) {
    for (auto &[piece, entry] : pieces_)
        entry.is_first = false;
    steer(torrent);
}

void piece_reads::set_always_in_order(lt::torrent_handle const &torrent, bool always) {
    if (always == always_in_order_) return;
    always_in_order_ = always;
    torrent.set_flags(lt::torrent_flags::sequential_download);
    in_order_ = true;
    steer(torrent);
}

} // namespace clt
