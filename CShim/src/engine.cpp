#include "engine.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "settings.hpp"
#include "unlocks.hpp"

#include <libtorrent/alert_types.hpp>
#include <libtorrent/ip_filter.hpp>
#include <libtorrent/peer_class.hpp>
#include <libtorrent/performance_counters.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/torrent_status.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>

namespace clt {

namespace {

clt_limits limits_of(clt_engine_options const &options) {
    clt_limits limits{};
    limits.struct_size = sizeof(limits);
    limits.max_bytes = options.max_metadata_bytes == 0 ? 4 * 1024 * 1024 : options.max_metadata_bytes;
    limits.max_pieces = options.max_pieces;
    limits.max_tokens = options.max_tokens;
    return limits;
}

lt::ip_filter deny_all() {
    lt::ip_filter filter;
    filter.add_rule(lt::make_address("0.0.0.0"), lt::make_address("255.255.255.255"), lt::ip_filter::blocked);
    filter.add_rule(lt::make_address("::"), lt::make_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                    lt::ip_filter::blocked);
    return filter;
}

std::chrono::milliseconds progress_interval(clt_engine_options const &options) {
    return std::chrono::milliseconds(options.progress_interval_ms == 0 ? 250 : options.progress_interval_ms);
}

size_t newcomers_per_address(clt_engine_options const &options) {
    return options.newcomers_per_address == 0 ? 32 : options.newcomers_per_address;
}

} // namespace

engine::engine(clt_engine_options const &options)
    : options_(options), settings_(closed_settings(options)),
      events_(options.event_queue_limit == 0 ? 16384 : options.event_queue_limit), refusals_(events_),
      dials_(outgoing_interfaces_of(options)), newcomers_(newcomers_per_address(options)),
      held_(io_, 2 * newcomers_per_address(options)), door_{dials_, newcomers_, held_,
                                                            options.peers_per_address == 0
                                                                ? 64
                                                                : options.peers_per_address},
      context_{events_, refusals_, limits_of(options), door_, nullptr},
      work_(boost::asio::make_work_guard(io_)), tick_(io_), listen_(listen_interfaces_of(options)) {}

engine::~engine() = default;

void engine::start() {
    std::promise<void> ended;
    ended_ = ended.get_future();
    // The thread keeps the engine alive: where stop() runs out of time, it ends on its own.
    thread_ = std::thread([self = shared_from_this(), ended = std::move(ended)]() mutable {
        for (;;) {
            try {
                self->io_.run();
                break;
            } catch (std::exception const &e) {
                self->complain(e); // that handler is lost, the engine goes on
            }
        }
        // Only now: handlers that ran until here may have used the session.
        self->closing_ = lt::session_proxy();
        ended.set_value();
    });
    try {
        run([this] { open_session(); });
        // What a handler posts is queued only when it has returned: the session's own start among it, which
        // nothing may overtake. Aborted before it started, a session never ends.
        run([] {});
    } catch (...) {
        stop(std::chrono::seconds(5));
        throw;
    }
}

void engine::open_session() {
    std::vector<std::string> bound_to = interfaces_named_in(listen_, true);
    if (dials_.device()) bound_to.push_back(*dials_.device());
    interfaces_.emplace(io_, bound_to, static_cast<interface_watch::observer &>(*this));
    lt::session_params params{lt::settings_pack(settings_), std::vector<std::shared_ptr<lt::plugin>>{}};
    params.ip_filter = deny_all();
    params.disk_io_constructor = [this](lt::io_context &network, lt::settings_interface const &settings,
                                        lt::counters &counters) {
        auto layer = std::make_unique<disk_layer>(network, settings, counters);
        context_.disk = layer.get();
        counters_ = &counters;
        return layer;
    };
    session_ = std::make_unique<lt::session>(std::move(params), io_, lt::session_flags_t{});
    session_->set_ip_filter(deny_all());

    dials_.open(io_, *session_, *interfaces_);
    limit_connections();

    // The session's own start is posted, not done yet, and lets local addresses off every limit: after that.
    boost::asio::post(io_, [this] { limit_everybody(); });

    // Called with the alert mutex held, on any thread: do nothing but post.
    session_->set_alert_notify([this] { boost::asio::post(io_, [this] { on_alerts(); }); });
    schedule_tick();
}

void engine::limit_everybody() {
    if (!session_) return;
    // Loopback and private ranges are exempt from limits unless they are put in the global class.
    lt::ip_filter everybody;
    std::uint32_t const global = 1u << static_cast<std::uint32_t>(lt::session::global_peer_class_id);
    everybody.add_rule(lt::make_address("0.0.0.0"), lt::make_address("255.255.255.255"), global);
    everybody.add_rule(lt::make_address("::"), lt::make_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                       global);
    session_->set_peer_class_filter(everybody);
}

void engine::post(std::function<void()> body) {
    std::lock_guard<std::mutex> const lock(mutex_);
    if (!open_) throw failure(CLT_SHUT_DOWN, "the engine has stopped");
    boost::asio::post(io_, std::move(body));
}

bool engine::stop(std::chrono::milliseconds timeout) {
    {
        std::lock_guard<std::mutex> const lock(mutex_);
        if (!open_) return true;
        open_ = false;
        boost::asio::post(io_, [this] { close_sessions(); });
    }
    if (ended_.wait_for(timeout) == std::future_status::ready) {
        thread_.join();
        return true;
    }
    thread_.detach();
    return false;
}

void engine::close_sessions() {
    tick_.cancel();
    if (interfaces_) interfaces_->stop();
    dials_.close();
    held_.end_all();
    removals_.clear();
    by_handle_.clear();
    torrents_.clear(); // closes the gates: no more events
    if (session_) {
        closing_ = session_->abort();
        session_.reset();
        context_.disk = nullptr;
        counters_ = nullptr;
    }
    work_.reset();
}

clt_counters engine::counters() const {
    clt_counters out{};
    out.struct_size = sizeof(out);
    out.dials = door_.dialled;
    out.incoming_handshakes = door_.incoming_handshakes;
    out.outgoing_handshakes = door_.outgoing_handshakes;
    if (counters_ == nullptr) return out;
    // Who waits for a limit is written down only when somebody asks for statistics; here that is done at
    // once.
    session_->post_session_stats();
    auto const value = [this](int which) { return uint64_t(std::max<int64_t>(0, (*counters_)[which])); };
    using c = lt::counters;
    out.received_bytes = value(c::recv_bytes);
    out.sent_bytes = value(c::sent_bytes);
    out.received_payload = value(c::recv_payload_bytes);
    out.sent_payload = value(c::sent_payload_bytes);
    out.failed_bytes = value(c::recv_failed_bytes);
    out.redundant_bytes = value(c::recv_redundant_bytes);
    out.pieces_passed = value(c::num_piece_passed);
    out.pieces_failed = value(c::num_piece_failed);
    out.download_limited_peers = value(c::limiter_down_queue);
    out.upload_limited_peers = value(c::limiter_up_queue);
    return out;
}

// ---- Torrents ----

clt_torrent_id engine::add_torrent(clt_add_options const &options) {
    auto added = std::make_unique<torrent>(++last_id_, options, context_);
    require(options.rate_class <= CLT_RATE_CLASSES, "there is no such rate class");
    added->add_to(*session_);
    torrent &t = *added;
    by_handle_[t.handle()] = &t;
    torrents_.emplace(t.id(), std::move(added));
    set_rate_class(t, options.rate_class);
    if (options.upload_limit != 0 || options.download_limit != 0) session_->apply_settings(pace_of_limits());
    update_filter(t.id());
    return t.id();
}

// Seeds were let go when nothing was wanted of them any more. The engine keeps count of whom it could dial,
// leaves seeds out while a torrent is finished, and counts again only when it dials, which it does not do
// with a count of 0; or when it is told of another limit of failures.
void engine::dial_again(torrent &of) {
    recount_candidates();
    of.dial_again();
}

// A torrent's list of peers, which is made at its first dial, counts whom it may dial; it takes the setting
// for how often a dial may fail (its own is three), and notes that the torrent is not whole any more, only
// when the setting changes.
void engine::recount_candidates() {
    lt::settings_pack pack;
    failcount_ = 1 - failcount_;
    pack.set_int(lt::settings_pack::max_failcount,
                 settings_.get_int(lt::settings_pack::max_failcount) + failcount_);
    session_->apply_settings(std::move(pack));
}

void engine::set_rate_class(torrent &of, uint32_t rate_class) {
    classes_.move(*session_, of.handle(), of.rate_class(), rate_class);
    of.note_rate_class(rate_class);
}

torrent &engine::find(clt_torrent_id id) {
    auto const found = torrents_.find(id);
    if (found == torrents_.end()) throw failure(CLT_NOT_FOUND, "no torrent has that ID (any more)");
    return *found->second;
}

void engine::remove_torrent(clt_torrent_id id, uint64_t request, bool deleting) {
    torrent &t = find(id);
    t.remove_from(*session_, deleting);
    by_handle_.erase(t.handle());
    removals_.push_back({std::move(torrents_.at(id)), request});
    torrents_.erase(id);
    update_filter(id);
    finish_removals();
}

// Its files are closed when the engine has let go of the torrent, a few milliseconds after the removal.
void engine::finish_removals() {
    for (auto it = removals_.begin(); it != removals_.end();) {
        if (!it->gone->is_gone()) {
            ++it;
            continue;
        }
        event e = make_event(CLT_EVENT_REMOVED, it->gone->id());
        e.fields.request = it->request;
        e.fields.count = it->gone->left_files().size();
        e.data = list_of(it->gone->left_files());
        events_.push(std::move(e));
        it = removals_.erase(it);
    }
    if (removals_.empty()) return;
    auto timer = std::make_shared<boost::asio::steady_timer>(io_, std::chrono::milliseconds(2));
    timer->async_wait([this, timer](boost::system::error_code const &) {
        if (!removals_.empty() && removals_.front().gone) finish_removals();
    });
}

void engine::update_filter(clt_torrent_id changed) {
#if defined(CLT_TEST_UNLOCK_ADMISSION) || defined(CLT_TEST_UNLOCK_SESSION_FILTER)
    (void)changed;
    session_->set_ip_filter(lt::ip_filter());
#else
    auto const found = torrents_.find(changed);
    bool const is_gone = found == torrents_.end();
    if (!everybody_.set(changed, is_gone ? std::vector<member>() : found->second->members().all())) return;
    lt::ip_filter filter = deny_all();
    everybody_.add_to(filter);
    session_->set_ip_filter(std::move(filter));
    for (lt::tcp::endpoint const &listener : listeners_) {
        try {
            update_stealth(listener);
        } catch (failure const &f) {
            event log = make_event(CLT_EVENT_LOG);
            log.fields.value = 4;
            log.text = "the filter could not be changed: " + f.message;
            events_.push(std::move(log));
        }
    }
#endif
}

// ---- What the engine says ----

void engine::complain(std::exception const &e) {
    event log = make_event(CLT_EVENT_LOG);
    log.fields.value = 4;
    log.text = std::string("on the network thread: ") + e.what();
    events_.push(std::move(log));
}

void engine::on_alerts() {
    if (!session_) return;
    std::vector<lt::alert *> alerts;
    session_->pop_alerts(&alerts);
    for (lt::alert const *alert : alerts) {
        try {
            on_alert(*alert);
        } catch (std::exception const &e) {
            complain(e); // and the ones after it are heard
        }
    }
    try {
        hold_accepted();
    } catch (std::exception const &e) {
        complain(e);
    }
    if (accept_failed_) on_accept_failed();
    refuse_crowds();
}

void engine::on_alert(lt::alert const &alert) {
    if (auto const *update = lt::alert_cast<lt::state_update_alert>(&alert)) {
        for (lt::torrent_status const &status : update->status)
            if (auto const t = by_handle_.find(status.handle); t != by_handle_.end())
                t->second->on_progress(status);
    } else if (auto const *listening = lt::alert_cast<lt::listen_succeeded_alert>(&alert)) {
        if (listening->socket_type != lt::socket_type_t::tcp &&
            listening->socket_type != lt::socket_type_t::tcp_ssl)
            return;
        on_listening({listening->address, std::uint16_t(listening->port)});
    } else if (auto const *deaf = lt::alert_cast<lt::listen_failed_alert>(&alert)) {
        on_listen_failed(*deaf);
    } else if (auto const *accepted = lt::alert_cast<lt::incoming_connection_alert>(&alert)) {
        newcomers_.accepted(accepted->endpoint);
        held_.accepted(accepted->endpoint);
    } else if (auto const *blocked = lt::alert_cast<lt::peer_blocked_alert>(&alert)) {
        auto const t = by_handle_.find(blocked->handle);
        refusals_.add(t == by_handle_.end() ? 0 : t->second->id(), blocked->endpoint, CLT_INCOMING,
                      CLT_REFUSAL_NOT_A_MEMBER);
    } else if (lt::alert_cast<lt::alerts_dropped_alert>(&alert) != nullptr) {
        event e = make_event(CLT_EVENT_GAP);
        e.fields.count = 1;
        events_.push(std::move(e));
        for (auto const &[id, t] : torrents_)
            t->resynchronise();
    } else if (auto const *session_error = lt::alert_cast<lt::session_error_alert>(&alert)) {
        event e = make_event(CLT_EVENT_LOG);
        e.fields.value = 4;
        e.text = session_error->message();
        events_.push(std::move(e));
    } else if (auto const *of = dynamic_cast<lt::torrent_alert const *>(&alert)) {
        if (auto const t = by_handle_.find(of->handle); t != by_handle_.end()) t->second->on_alert(alert);
    }
}

void engine::schedule_tick() {
    tick_.expires_after(progress_interval(options_));
    tick_.async_wait([this](boost::system::error_code const &error) {
        if (error || !session_) return;
        schedule_tick(); // first: whatever this one throws, there is a next
        on_tick();
    });
}

void engine::on_tick() {
    if (!interfaces_->is_empty()) {
        interfaces_->look();
        dials_.refresh();
    }
    session_->post_torrent_updates({});
    bool wants_recount = false;
    for (auto const &[id, t] : torrents_) {
        t->on_tick();
        wants_recount |= t->takes_recount();
    }
    if (wants_recount) recount_candidates();
    refusals_.flush();
    // Reads look for themselves: this is for what nobody reads.
    if (auto const now = std::chrono::steady_clock::now(); now >= next_look_) {
        next_look_ = now + std::chrono::seconds(1);
        context_.disk->look_at_some();
        listen_again();
    }
    refuse_crowds();
    newcomers_.forget_old(std::chrono::seconds(settings_.get_int(lt::settings_pack::handshake_timeout)));
    hear_again();
}

} // namespace clt
