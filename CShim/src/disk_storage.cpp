#include "disk_storage.hpp"

namespace clt {

void disk_storage::after_jobs(body rest) {
    if (jobs_ == 0 && waiting_.empty())
        rest();
    else
        waiting_.push_back({false, std::move(rest)});
}

bool disk_storage::end_job() {
    --jobs_;
    bool ran = false;
    while (!waiting_.empty() && (jobs_ == 0 || waiting_.front().is_job)) {
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

std::vector<disk_storage::body> disk_storage::end_write(lt::peer_request const &request) {
    unwritten_.erase(unwritten_.find(first_block(request)));
    return std::exchange(after_write_, {});
}

bool disk_storage::is_unwritten(lt::peer_request const &request) const {
    int const last = (request.start + request.length - 1) / lt::default_block_size;
    auto const found = unwritten_.lower_bound(first_block(request));
    return found != unwritten_.end() && *found <= block{static_cast<int>(request.piece), last};
}

} // namespace clt
