// What a torrent hears of its plugins and of the engine, what it tells of that, and how it stands.
#include "beneath.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "torrent.hpp"
#include "unlocks.hpp"

#include <boost/asio/error.hpp>
#include <libtorrent/peer_info.hpp>
#include <libtorrent/torrent_status.hpp>
#include <libtorrent/write_resume_data.hpp>

namespace clt {

namespace {

bool has_what_is_wanted(clt_torrent_state state) {
    return state == CLT_STATE_FINISHED || state == CLT_STATE_SEEDING;
}

} // namespace

// ---- What the plugins say ----

void torrent::peer_connected(lt::tcp::endpoint const &remote, clt_direction direction, member const &who) {
    event e = make_event(CLT_EVENT_PEER_CONNECTED, id_);
    e.fields.endpoint = endpoint_out(remote);
    e.fields.direction = direction;
    e.fields.member_rule = who.rule;
    push(std::move(e));
}

void torrent::peer_reached(lt::tcp::endpoint const &remote, clt_direction direction, clt_peer_stage stage) {
    event e = make_event(CLT_EVENT_PEER_STAGE, id_);
    e.fields.endpoint = endpoint_out(remote);
    e.fields.direction = direction;
    e.fields.value = stage;
    push(std::move(e));
}

void torrent::peer_disconnected(lt::tcp::endpoint const &remote, clt_direction direction, clt_disconnect why,
                                std::string text) {
    event e = make_event(CLT_EVENT_PEER_DISCONNECTED, id_);
    e.fields.endpoint = endpoint_out(remote);
    e.fields.direction = direction;
    e.fields.value = why;
    e.text = std::move(text);
    push(std::move(e));
}

void torrent::peer_refused(lt::tcp::endpoint const &remote, clt_direction direction, clt_refusal why) {
    context_.refusals.add(id_, remote, direction, why);
}

void torrent::metadata_received(std::shared_ptr<std::vector<char> const> info) {
    metadata_ = metadata_state::held;
    held_ = info;
#ifdef CLT_TEST_UNLOCK_METADATA_INSPECTION
    handle_.set_metadata({info->data(), std::ptrdiff_t(info->size())});
#endif
    push_state();
    event e = make_event(CLT_EVENT_METADATA_RECEIVED, id_);
    e.data.assign(info->begin(), info->end());
    push(std::move(e));
}

bool torrent::message_received(lt::tcp::endpoint const &remote, std::string const &peer_id, uint8_t kind,
                               lt::span<char const> body) {
    event e = make_event(CLT_EVENT_MESSAGE, id_);
    e.fields.endpoint = endpoint_out(remote);
    if (member const *who = members_->match_incoming(remote)) e.fields.member_rule = who->rule;
    e.fields.value = kind;
    e.text = peer_id;
    e.data.assign(body.begin(), body.end());
    return context_.events.push_message(std::move(e));
}

void torrent::begin_read(int piece) {
    auto const info = handle_.torrent_file();
    int const size = info ? info->piece_size(lt::piece_index_t(piece)) : 0;
    std::weak_ptr<content_watch> const content = content_;
    bool const is_begun = context_.disk->read_piece(
        *content_, piece, size,
        [this, piece, size, content](boost::shared_array<char> const &data, lt::storage_error const &error) {
            auto const watch = content.lock();
            // Without an observer the torrent has gone.
            if (watch && watch->observer != nullptr) read_done(piece, data, size_t(size), error.ec);
        });
    if (!is_begun) handle_.read_piece(lt::piece_index_t(piece));
}

void torrent::read_done(int piece, boost::shared_array<char> const &data, size_t size,
                        lt::error_code const &error) {
    // What failed before it was taken up again is read once more.
    if (!failed_ && is_told(error))
        reads_->ask_again(piece);
    else
        reads_->on_read(handle_, piece, data, size, error);
}

void torrent::piece_read(uint64_t request, int piece, boost::shared_array<char> const &data, size_t size,
                         lt::error_code const &error) {
    event e = make_event(CLT_EVENT_PIECE_DATA, id_);
    e.fields.request = request;
    e.fields.value = piece;
    if (error) {
        e.fields.system_errno = system_errno_of(error) != 0 ? system_errno_of(error) : EIO;
        e.text = error.message();
    } else {
        e.shared = data;
        e.shared_size = size;
    }
    push(std::move(e));
}

// ---- What the engine says ----

void torrent::on_alert(lt::alert const &alert) {
    if (lt::alert_cast<lt::torrent_checked_alert>(&alert) != nullptr) {
        // Again, where a piece that was taken for good was not: what is missing now must be dialled for.
        if (checked_) wants_recount_ = true;
        on_checked();
        push_state();
    } else if (auto const *changed = lt::alert_cast<lt::state_changed_alert>(&alert)) {
        // Files stand there already and must be hashed: see start().
        if (changed->state == lt::torrent_status::checking_files && started_ && !failed_) handle_.resume();
        push_state();
    } else if (lt::alert_cast<lt::torrent_finished_alert>(&alert) != nullptr) {
        seal_what_stands(state_of(handle_.status({})));
        push(make_event(CLT_EVENT_FINISHED, id_));
    } else if (auto const *failed = lt::alert_cast<lt::hash_failed_alert>(&alert)) {
        event e = make_event(CLT_EVENT_HASH_FAILED, id_);
        e.fields.value = static_cast<int>(failed->piece_index);
        push(std::move(e));
    } else if (auto const *file = lt::alert_cast<lt::file_error_alert>(&alert)) {
        on_storage_error(file->error, lt::operation_name(file->op), file->filename());
    } else if (auto const *stopped = lt::alert_cast<lt::torrent_error_alert>(&alert)) {
        on_storage_error(stopped->error, "keep the torrent running", stopped->filename());
        push_state();
    } else if (auto const *saved = lt::alert_cast<lt::save_resume_data_alert>(&alert)) {
        answer_resume_data(&saved->params, {});
    } else if (auto const *read = lt::alert_cast<lt::read_piece_alert>(&alert)) {
        read_done(static_cast<int>(read->piece), read->buffer, size_t(read->size), read->error);
    } else if (auto const *unsaved = lt::alert_cast<lt::save_resume_data_failed_alert>(&alert)) {
        answer_resume_data(nullptr, unsaved->error);
    } else if (auto const *rejected = lt::alert_cast<lt::fastresume_rejected_alert>(&alert)) {
        event e = make_event(CLT_EVENT_LOG, id_);
        e.fields.value = 3;
        e.text = rejected->message();
        push(std::move(e));
    } else if (auto const *banned = lt::alert_cast<lt::peer_ban_alert>(&alert)) {
        event e = make_event(CLT_EVENT_PEER_BANNED, id_);
        e.fields.endpoint = endpoint_out(banned->endpoint);
        push(std::move(e));
    }
}

void torrent::resynchronise() {
    reads_->look_again(handle_, true);
    clt_torrent_state const state = state_of(handle_.status({}));
    if (state == CLT_STATE_DOWNLOADING || has_what_is_wanted(state)) on_checked();
    seal_what_stands(state);
    if (has_what_is_wanted(state) && last_state_ != state) push(make_event(CLT_EVENT_FINISHED, id_));
    push_state();
}

void torrent::seal_what_stands(clt_torrent_state state) {
    if (has_what_is_wanted(state)) context_.disk->seal(*content_, state == CLT_STATE_SEEDING);
}

void torrent::on_storage_error(lt::error_code const &error, char const *operation, std::string const &path) {
    // It was said, and better, by the layer below; or the engine called a job off.
    if (failed_ || is_told(error) || error == boost::asio::error::operation_aborted) return;
    // The engine's own layer opens files too, where it hashes what is there: it goes on as after the layer's
    // below.
    if (int const number = system_errno_of(error); is_want_of_descriptors(number))
        return content_failed({-1, number, std::string(operation) + ": " + error.message()}, path);
    event e = make_event(CLT_EVENT_STORAGE_ERROR, id_);
    e.fields.system_errno = system_errno_of(error);
    e.text = std::string(operation) + ": " + error.message();
    e.data = path;
    push(std::move(e));
    reads_->fail_all(error);
}

void torrent::answer_resume_data(lt::add_torrent_params const *params, lt::error_code const &error) {
    if (resume_requests_.empty()) return;
    event e = make_event(CLT_EVENT_RESUME_DATA, id_);
    if (params != nullptr) {
        // Members are the caller's to keep: resume data names nobody.
        lt::add_torrent_params clean = *params;
        clean.peers.clear();
        clean.banned_peers.clear();
        clean.trackers.clear();
        clean.url_seeds.clear();
        clean.http_seeds.clear();
        clean.dht_nodes.clear();
        // The engine knows of priorities of pieces only, and only while it lacks some.
        clean.piece_priorities.clear();
        clean.file_priorities.clear();
        for (uint8_t const priority : selection_->files())
            clean.file_priorities.emplace_back(priority);
        auto const bytes = lt::write_resume_data_buf(clean);
        e.data.assign(bytes.begin(), bytes.end());
    } else {
        e.fields.system_errno = system_errno_of(error) != 0 ? system_errno_of(error) : EIO;
        e.text = error.message();
    }
    for (uint64_t const request : resume_requests_) {
        event answer = e;
        answer.fields.request = request;
        push(std::move(answer));
    }
    resume_requests_.clear();
}

void torrent::on_progress(lt::torrent_status const &status) {
    uint64_t const done = uint64_t(status.total_done);
    if (done == last_reported_bytes_ && status.download_payload_rate == 0 && status.upload_payload_rate == 0)
        return;
    last_reported_bytes_ = done;
    push(make_event(CLT_EVENT_PROGRESS, id_));
}

// ---- What is known of it ----

bool torrent::is_finished() const {
    return has_what_is_wanted(state_of(handle_.status({})));
}

clt_torrent_state torrent::state_of(lt::torrent_status const &status) const {
    if (failed_ || status.errc) return CLT_STATE_FAILED;
    if (metadata_ == metadata_state::held) return CLT_STATE_HELD;
    if (metadata_ == metadata_state::wanted) return CLT_STATE_METADATA;
    switch (status.state) {
    case lt::torrent_status::finished:
        return CLT_STATE_FINISHED;
    case lt::torrent_status::seeding:
        return CLT_STATE_SEEDING;
    case lt::torrent_status::downloading:
        return CLT_STATE_DOWNLOADING;
    default:
        return CLT_STATE_CHECKING;
    }
}

clt_torrent_state torrent::told_state(lt::torrent_status const &status) const {
    clt_torrent_state const state = state_of(status);
    // The engine goes on before it says what it found: until then nobody knows how much was there.
    bool const goes_on = state == CLT_STATE_DOWNLOADING || has_what_is_wanted(state);
    return goes_on && !checked_ ? CLT_STATE_CHECKING : state;
}

void torrent::push_state() {
    int const state = told_state(handle_.status({}));
    if (state == last_state_) return;
    last_state_ = state;
    event e = make_event(CLT_EVENT_STATE, id_);
    e.fields.value = state;
    push(std::move(e));
}

clt_torrent_status torrent::status() const {
    // No flags: bytes of pieces that passed their hash only, blocks of unfinished ones left out.
    lt::torrent_status const s = handle_.status({});
    clt_torrent_status out{};
    out.state = uint32_t(told_state(s));
    out.is_started = started_ ? 1 : 0;
    out.is_moving = move_ != move_state::none ? 1 : 0;
    out.connected_peers = uint32_t(s.num_peers);
    out.verified_bytes = uint64_t(s.total_done);
    out.reused_bytes = reused_bytes_;
    out.downloaded_bytes = uint64_t(s.total_payload_download);
    out.wasted_bytes = uint64_t(s.total_failed_bytes + s.total_redundant_bytes);
    out.uploaded_bytes = uint64_t(s.total_payload_upload);
    out.download_rate = uint32_t(s.download_payload_rate);
    out.upload_rate = uint32_t(s.upload_payload_rate);
    out.verified_pieces = uint32_t(s.num_pieces);
    if (auto const info = handle_.torrent_file()) {
        out.piece_count = uint32_t(info->num_pieces());
        out.piece_length = uint64_t(info->piece_length());
        out.content_bytes = uint64_t(s.total);
        out.wanted_bytes = uint64_t(s.total_wanted);
        out.wanted_verified_bytes = uint64_t(s.total_wanted_done);
    }
    return out;
}

std::vector<lt::peer_info> torrent::peers() const {
    std::vector<lt::peer_info> out;
    handle_.get_peer_info(out);
    return out;
}

} // namespace clt
