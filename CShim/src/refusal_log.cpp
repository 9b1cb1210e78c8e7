#include "refusal_log.hpp"
#include "endpoint.hpp"

namespace clt {

void refusal_log::add(clt_torrent_id torrent, lt::tcp::endpoint const &remote, clt_direction direction,
                      clt_refusal why) {
    key const k(torrent, normalised(remote.address()));
    if (entries_.size() >= capacity && entries_.count(k) == 0) entries_.erase(entries_.begin());
    entry &e = entries_[k];
    e.last = make_event(CLT_EVENT_PEER_REFUSED, torrent);
    e.last.fields.endpoint = endpoint_out(remote);
    e.last.fields.direction = uint32_t(direction);
    e.last.fields.value = why;
    e.unsaid = true;
    if (++e.tries == 1 && entries_.size() <= size_t(burst)) say(e);
}

void refusal_log::say(entry &e) {
    event out = e.last;
    out.fields.count = e.tries;
    e.unsaid = false;
    events_.push(std::move(out));
}

void refusal_log::flush() {
    // Round and round from where the last flush ended: a few noisy addresses must not keep the others unsaid.
    int said = 0;
    auto at = entries_.upper_bound(last_said_);
    for (size_t looked = 0; looked < entries_.size() && said < burst; ++looked, ++at) {
        if (at == entries_.end()) at = entries_.begin();
        if (!at->second.unsaid) continue;
        say(at->second);
        last_said_ = at->first;
        ++said;
    }
}

} // namespace clt
