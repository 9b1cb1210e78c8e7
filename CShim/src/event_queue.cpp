#include "event_queue.hpp"
#include "error.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <sys/eventfd.h>
#include <unistd.h>

namespace clt {

namespace {

constexpr size_t message_bytes_limit = 4 * 1024 * 1024;

bool may_be_dropped(clt_event const &e) {
    switch (e.kind) {
    case CLT_EVENT_STATE:
    case CLT_EVENT_METADATA_RECEIVED:
    case CLT_EVENT_CHECKED:
    case CLT_EVENT_FINISHED:
    case CLT_EVENT_STORAGE_ERROR:
    case CLT_EVENT_LISTENING:
    case CLT_EVENT_LISTEN_FAILED:
    case CLT_EVENT_INTERFACE:
        return false;
    default:
        return e.request == 0;
    }
}

} // namespace

int64_t monotonic_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
}

event make_event(clt_event_kind kind, clt_torrent_id torrent) {
    event e;
    e.fields.struct_size = sizeof(clt_event);
    e.fields.kind = kind;
    e.fields.torrent = torrent;
    e.fields.time_ns = monotonic_ns();
    return e;
}

event_queue::event_queue(size_t limit) : limit_(limit) {
    fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd_ < 0) throw failure(CLT_IO, std::string("eventfd: ") + std::strerror(errno), errno);
}

event_queue::~event_queue() {
    ::close(fd_);
}

void event_queue::push(event e) {
    std::lock_guard<std::mutex> const lock(mutex_);
    e.fields.sequence = ++sequence_;
    if (waiting_.size() >= limit_ && may_be_dropped(e.fields)) {
        ++dropped_;
        return;
    }
    append(std::move(e));
}

bool event_queue::push_message(event e) {
    std::lock_guard<std::mutex> const lock(mutex_);
    // The empty body costs memory too.
    size_t const cost = e.data.size() + sizeof(event);
    if (waiting_.size() >= limit_ || message_bytes_ + cost > message_bytes_limit) return false;
    message_bytes_ += cost;
    e.fields.sequence = ++sequence_;
    append(std::move(e));
    return true;
}

void event_queue::append(event e) {
    bool const wake = waiting_.empty();
    waiting_.push_back(std::move(e));
    if (!wake) return;
    uint64_t const one = 1;
    // It can only fail when the counter is at its maximum, and then the descriptor is readable already.
    [[maybe_unused]] ssize_t const written = ::write(fd_, &one, sizeof(one));
}

std::vector<clt_event> const &event_queue::drain() {
    drained_.clear();
    handed_out_.clear();
    {
        std::lock_guard<std::mutex> const lock(mutex_);
        uint64_t count = 0;
        [[maybe_unused]] ssize_t const got = ::read(fd_, &count, sizeof(count));
        drained_.swap(waiting_);
        message_bytes_ = 0;
        if (dropped_ > 0) {
            event gap = make_event(CLT_EVENT_GAP);
            gap.fields.sequence = ++sequence_;
            gap.fields.count = dropped_;
            dropped_ = 0;
            drained_.push_back(std::move(gap));
        }
    }
    handed_out_.reserve(drained_.size());
    for (event &e : drained_) {
        e.fields.text = e.text.c_str();
        e.fields.text_length = e.text.size();
        e.fields.data = reinterpret_cast<uint8_t const *>(e.data.data());
        e.fields.data_length = e.data.size();
        if (e.shared) {
            e.fields.data = reinterpret_cast<uint8_t const *>(e.shared.get());
            e.fields.data_length = e.shared_size;
        }
        handed_out_.push_back(e.fields);
    }
    return handed_out_;
}

} // namespace clt
