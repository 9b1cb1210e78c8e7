#include "refusal_log.hpp"
#include "endpoint.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

namespace clt {

size_t refusal_log::key_hash::operator()(key const &k) const noexcept {
    auto const hash = [](auto const &bytes) {
        return std::hash<std::string_view>()({reinterpret_cast<char const *>(bytes.data()), bytes.size()});
    };
    size_t const address =
        k.address.is_v4() ? hash(k.address.to_v4().to_bytes()) : hash(k.address.to_v6().to_bytes());
    return address ^ (std::hash<clt_torrent_id>()(k.torrent) * 0x9e3779b97f4a7c15u);
}

// The entry of that key, now the most recent; a new one where there was none, in the place of the least
// recent where the table is full. Under a flood nothing is allocated.
refusal_log::entry &refusal_log::touch(table &in, key const &of) {
    if (auto const found = in.by_key.find(of); found != in.by_key.end()) {
        in.entries.splice(in.entries.end(), in.entries, found->second);
        return in.entries.back();
    }
    if (in.entries.size() < capacity) {
        in.entries.emplace_back();
        in.by_key.emplace(of, std::prev(in.entries.end()));
    } else {
        ++forgotten_;
        in.entries.splice(in.entries.end(), in.entries, in.entries.begin());
        auto node = in.by_key.extract(in.entries.back().of);
        node.key() = of;
        in.by_key.insert(std::move(node));
    }
    in.entries.back() = {of, {}, false};
    return in.entries.back();
}

void refusal_log::add(clt_torrent_id torrent, lt::tcp::endpoint const &remote, clt_direction direction,
                      clt_refusal why) {
    ++totals_[std::min(size_t(why), reason_count - 1)];
    entry &e = touch(why == CLT_REFUSAL_NOT_A_MEMBER ? strangers_ : members_,
                     {torrent, normalised(remote.address())});
    clt_refused &what = e.what;
    what.last_time_ns = monotonic_ns();
    what.struct_size = sizeof(what);
    what.torrent = torrent;
    what.endpoint = endpoint_out(remote);
    what.direction = uint32_t(direction);
    what.reason = uint32_t(why);
    e.unsaid = true;
    if (++what.tries > 1) return;
    what.first_time_ns = what.last_time_ns;
    if (at_once_ == 0) return;
    --at_once_;
    say(e);
}

void refusal_log::say(entry &e) {
    event out = make_event(CLT_EVENT_PEER_REFUSED, e.what.torrent);
    out.fields.endpoint = e.what.endpoint;
    out.fields.direction = e.what.direction;
    out.fields.value = e.what.reason;
    out.fields.count = e.what.tries;
    e.unsaid = false;
    events_.push(std::move(out));
}

void refusal_log::flush() {
    // Who has waited longest is said first: a few noisy addresses, who go to the end with every try, do not
    // keep the others unsaid. Members' before strangers'.
    at_once_ = burst;
    for (table *in : {&members_, &strangers_})
        for (entry &e : in->entries) {
            if (!e.unsaid) continue;
            if (at_once_ == 0) return;
            --at_once_;
            say(e);
        }
}

refusal_log::snapshot refusal_log::look() const {
    snapshot out;
    out.totals = totals_;
    out.forgotten = forgotten_;
    out.latest.reserve(members_.entries.size() + strangers_.entries.size());
    for (table const *in : {&members_, &strangers_})
        for (entry const &e : in->entries)
            out.latest.push_back(e.what);
    std::sort(out.latest.begin(), out.latest.end(),
              [](clt_refused const &a, clt_refused const &b) { return a.last_time_ns > b.last_time_ns; });
    return out;
}

} // namespace clt
