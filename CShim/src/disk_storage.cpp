#include "disk_storage.hpp"

namespace clt {

void disk_storage::after_jobs(body rest) {
    if (jobs_ == 0 && is_open())
        rest();
    else
        waiting_.push_back({false, std::move(rest)});
}

bool disk_storage::end_job() {
    --jobs_;
    return drain();
}

bool disk_storage::drain() {
    bool ran = false;
    while (!closed_ && !waiting_.empty() && (jobs_ == 0 || waiting_.front().is_job)) {
        // What runs may add to the queue.
        body const next = std::move(waiting_.front().run);
        waiting_.pop_front();
        next();
        ran = true;
    }
    return ran;
}

disk_storage::block disk_storage::first_block(lt::peer_request const &request) {
    return {static_cast<int>(request.piece), request.start / lt::default_block_size};
}

void disk_storage::begin_write(lt::peer_request const &request) {
    unwritten_.insert(first_block(request));
}

std::vector<disk_storage::body> disk_storage::end_write(lt::peer_request const &request, bool is_lost) {
    unwritten_.erase(unwritten_.find(first_block(request)));
    std::vector<body> out = std::exchange(after_write_, {});
    int const piece = static_cast<int>(request.piece);
    bool const is_done = !is_unwritten(piece);
    for (auto it = hashing_.begin(); it != hashing_.end();) {
        hashing_pointer const which = *it;
        if (which->piece == piece && is_lost) which->is_lost = true;
        if (which->piece != piece || !is_done || !which->is_hashed) {
            ++it;
            continue;
        }
        it = hashing_.erase(it);
        out.push_back([which] { which->answer(which->is_lost); });
    }
    return out;
}

bool disk_storage::is_unwritten(lt::peer_request const &request) const {
    int const last = (request.start + request.length - 1) / lt::default_block_size;
    auto const found = unwritten_.lower_bound(first_block(request));
    return found != unwritten_.end() && *found <= block{static_cast<int>(request.piece), last};
}

bool disk_storage::is_unwritten(int piece) const {
    auto const found = unwritten_.lower_bound({piece, 0});
    return found != unwritten_.end() && found->first == piece;
}

disk_storage::hashing_pointer disk_storage::begin_hash(int piece) {
    hashing_.push_back(std::make_shared<hashing>());
    hashing_.back()->piece = piece;
    return hashing_.back();
}

void disk_storage::hashed(hashing_pointer const &which, std::function<void(bool is_lost)> answer) {
    which->is_hashed = true;
    if (is_unwritten(which->piece)) {
        which->answer = std::move(answer);
        return;
    }
    hashing_.remove(which);
    answer(which->is_lost);
}

} // namespace clt
