// A torrent whose files fail it, and how it goes on.
#include "beneath.hpp"
#include "torrent.hpp"

#include <algorithm>
#include <cerrno>

namespace clt {

namespace {

constexpr auto least_pause = std::chrono::seconds(2), longest_pause = std::chrono::seconds(60);
// With less of what is still to come it would soon stand still again.
constexpr uint64_t enough_room = 256 << 20;

} // namespace

void torrent::content_failed(file_fault const &fault, std::string const &path) {
    if (failed_) return;
    failed_ = true;
    content_->is_running = false;
    event e = make_event(CLT_EVENT_STORAGE_ERROR, id_);
    e.fields.system_errno = fault.error;
    e.text = fault.what;
    e.data = path;
    push(std::move(e));
    handle_.pause(); // cuts whoever is connected
    reads_->fail_all(lt::error_code(fault.error != 0 ? fault.error : EIO, boost::system::system_category()));
    push_state();
    wants_descriptors_ = is_want_of_descriptors(fault.error);
    wants_room_ = fault.error == ENOSPC || fault.error == EDQUOT || wants_descriptors_;
    if (!wants_room_) return;
    // A quota may be full where the file system has room, and descriptors may be short for long: then it is
    // tried less and less often.
    auto const now = std::chrono::steady_clock::now();
    bool const again = now < next_look_for_room_ + least_pause;
    room_pause_ = again ? std::min<std::chrono::seconds>(room_pause_ * 2, longest_pause) : least_pause;
    next_look_for_room_ = now + room_pause_;
}

void torrent::on_tick() {
    reads_->look_again(handle_, false);
    auto const now = std::chrono::steady_clock::now();
    if (!failed_ || !wants_room_ || !started_ || move_ != move_state::none || now < next_look_for_room_)
        return;
    next_look_for_room_ = now + room_pause_;
    if (wants_descriptors_) return start({});
    lt::torrent_status const status = handle_.status({});
    auto const missing = uint64_t(std::max<int64_t>(0, status.total_wanted - status.total_wanted_done));
    context_.disk->look_for_room(*content_, std::min(missing, enough_room));
}

void torrent::room_found() {
    if (!failed_ || !wants_room_ || !started_ || move_ != move_state::none) return;
    start({});
}

void torrent::content_corrupt(int piece, std::vector<std::string> const &paths) {
    event e = make_event(CLT_EVENT_CORRUPT, id_);
    e.fields.value = piece;
    for (std::string const &path : paths)
        e.data += path + '\0';
    push(std::move(e));
}

} // namespace clt
