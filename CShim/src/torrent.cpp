#include "torrent.hpp"
#include "bytes.hpp"
#include "endpoint.hpp"
#include "error.hpp"
#include "internals.hpp"
#include "unlocks.hpp"

#include <boost/asio/error.hpp>
#include <libtorrent/extensions/smart_ban.hpp>
#include <libtorrent/extensions/ut_pex.hpp>
#include <libtorrent/torrent_flags.hpp>
#include <libtorrent/torrent_status.hpp>

namespace clt {

namespace {

lt::sha1_hash info_hash_of(clt_add_options const &options) {
    if (options.metainfo != nullptr) return options.metainfo->info->info_hashes().v1;
    return lt::sha1_hash(reinterpret_cast<char const *>(options.info_hash));
}

// Everything that could open a channel is set here, whatever a file, a link or resume data said.
lt::add_torrent_params closed_params(clt_add_options const &options) {
    lt::add_torrent_params p;
    p.save_path = text_in(options.save_path, options.save_path_length, "save_path is NULL with a length");
    require(!p.save_path.empty() && p.save_path.front() == '/', "save_path is not an absolute path");
    // Assigned, not or-ed: the flags left out here (auto_managed, duplicate allowed …) must stay out. The
    // filter must stay in: one torrent without it opens the door of the whole session.
    p.flags = lt::torrent_flags::apply_ip_filter | lt::torrent_flags::paused |
              lt::torrent_flags::disable_dht | lt::torrent_flags::disable_lsd |
              lt::torrent_flags::disable_pex | lt::torrent_flags::duplicate_is_error |
              lt::torrent_flags::override_trackers | lt::torrent_flags::override_web_seeds |
              lt::torrent_flags::update_subscribe | lt::torrent_flags::need_save_resume;
#ifdef CLT_TEST_UNLOCK_DHT
    p.flags &= ~lt::torrent_flags::disable_dht;
#endif
#ifdef CLT_TEST_UNLOCK_LSD
    p.flags &= ~lt::torrent_flags::disable_lsd;
#endif
#ifdef CLT_TEST_UNLOCK_TRACKERS
    p.flags &= ~lt::torrent_flags::override_trackers;
#endif
#ifdef CLT_TEST_UNLOCK_WEB_SEEDS
    p.flags &= ~lt::torrent_flags::override_web_seeds;
#endif
#if defined(CLT_TEST_UNLOCK_PEX) || defined(CLT_TEST_UNLOCK_DIAL_ONLY_WHERE_SENT)
    p.flags &= ~lt::torrent_flags::disable_pex;
#endif
    if ((options.flags & CLT_ADD_SEQUENTIAL) != 0) p.flags |= lt::torrent_flags::sequential_download;
    // Above the session's limit: at a torrent's own limit the engine evicts half-open dials before the gate.
    p.max_connections = 65000;
    p.upload_limit = options.upload_limit == 0 ? -1 : int(options.upload_limit);
    p.download_limit = options.download_limit == 0 ? -1 : int(options.download_limit);
    if (options.metainfo == nullptr) {
        p.info_hashes = lt::info_hash_t(info_hash_of(options));
        return p;
    }
    p.ti = std::make_shared<lt::torrent_info>(*options.metainfo->info);
    int const pieces = p.ti->num_pieces();
    if ((options.flags & CLT_ADD_VERIFY_ON_READ) != 0) {
        p.flags |= lt::torrent_flags::seed_mode;
    } else if ((options.flags & CLT_ADD_HAVE_ALL) != 0) {
        p.have_pieces.resize(pieces, true);
    } else if (options.have_pieces != nullptr) {
        require(options.have_pieces_length * 8 >= size_t(pieces), "have_pieces is too short for the torrent");
        p.have_pieces.assign(reinterpret_cast<char const *>(options.have_pieces), pieces);
    }
    return p;
}

std::vector<std::optional<file_identity>> identities_of(clt_add_options const &options) {
    std::vector<std::optional<file_identity>> out;
    if (options.identities == nullptr || options.identity_count == 0) return out;
    require(options.metainfo != nullptr &&
                options.identity_count == uint64_t(options.metainfo->info->num_files()),
            "identities are not one for each file of the metainfo");
    auto const *next = reinterpret_cast<char const *>(options.identities);
    for (uint64_t i = 0; i < options.identity_count; ++i) {
        auto const *raw = reinterpret_cast<clt_file_identity const *>(next);
        clt_file_identity const given = read_struct(raw);
        next += raw->struct_size; // of the caller's header
        out.push_back(given.is_known != 0 ? std::optional(file_identity::of(given)) : std::nullopt);
    }
    return out;
}

std::string own_peer_id(clt_add_options const &options) {
    require(options.peer_id_length <= CLT_PEER_ID_MAX, "peer_id is longer than CLT_PEER_ID_MAX");
    return text_in(options.peer_id, options.peer_id_length, "peer_id is NULL with a length");
}

} // namespace

torrent::torrent(clt_torrent_id id, clt_add_options const &options, torrent_context &context)
    : id_(id), context_(context), params_(closed_params(options)), members_(std::make_shared<membership>()),
      selection_(std::make_shared<file_selection>()), content_(std::make_shared<content_watch>()),
      metadata_(options.metainfo == nullptr ? metadata_state::wanted : metadata_state::there),
      have_given_(options.have_pieces != nullptr ||
                  (options.flags & (CLT_ADD_HAVE_ALL | CLT_ADD_VERIFY_ON_READ)) != 0) {
    members_->replace(membership::read(options.members, options.member_count));
    std::vector<uint8_t> priorities =
        file_selection::read(options.file_priorities, options.file_priority_count);
    if (params_.ti) {
        require(priorities.empty() || priorities.size() == size_t(params_.ti->num_files()),
                "file_priorities are not one for each file of the metainfo");
        selection_->choose(std::move(priorities));
        selection_->fit(params_.ti->files());
        params_.piece_priorities = selection_->pieces();
    } else {
        selection_->choose(std::move(priorities));
    }
    content_->given = identities_of(options);
    content_->observer = this;
    content_->info = params_.ti;
    content_->floor = options.free_space_floor;
    std::shared_ptr<std::vector<char> const> info;
    if (options.metainfo != nullptr) {
        auto const section = options.metainfo->info_section();
        info = std::make_shared<std::vector<char> const>(section.begin(), section.end());
    }
    gate_ = std::make_shared<gate>(members_, *this, context.door);
    gate_->set_has_v2(options.metainfo != nullptr && options.metainfo->info->info_hashes().has_v2());
    exchange_ = std::make_shared<metadata_exchange>(info_hash_of(options), std::move(info),
                                                    size_t(context.limits.max_bytes), *this);
    // The gate comes first: what it refuses, no other plugin sees.
    params_.extensions.emplace_back([g = gate_](lt::torrent_handle const &, lt::client_data_t) { return g; });
    if ((options.flags & CLT_ADD_MESSAGES) != 0) {
        messages_ = std::make_shared<message_channel>(members_, own_peer_id(options), *this);
        params_.extensions.emplace_back(
            [m = messages_](lt::torrent_handle const &, lt::client_data_t) { return m; });
    }
    // After the others whose names are in the handshake: it may have to say all of them again.
    params_.extensions.emplace_back(
        [x = exchange_](lt::torrent_handle const &, lt::client_data_t) { return x; });
    reads_ = std::make_shared<piece_reads>(*this, selection_, (options.flags & CLT_ADD_SEQUENTIAL) != 0);
    params_.extensions.emplace_back(
        [r = reads_](lt::torrent_handle const &, lt::client_data_t) { return r; });
    params_.extensions.emplace_back(&lt::create_smart_ban_plugin);
#if defined(CLT_TEST_UNLOCK_PEX) || defined(CLT_TEST_UNLOCK_DIAL_ONLY_WHERE_SENT)
    params_.extensions.emplace_back(&lt::create_ut_pex_plugin);
#endif
}

torrent::~torrent() {
    close_plugins();
    if (context_.disk != nullptr) context_.disk->give_up(*content_);
}

void torrent::close_plugins() {
    content_->observer = nullptr;
    gate_->close();
    exchange_->close();
    if (messages_) messages_->close();
    reads_->close();
}

void torrent::add_to(lt::session &session) {
    context_.disk->expect(params_.ti ? params_.ti->info_hashes().get_best() : params_.info_hashes.get_best(),
                          content_);
    lt::error_code error;
    handle_ = session.add_torrent(std::move(params_), error);
    params_ = {};
    if (error == lt::errors::duplicate_torrent)
        throw failure(CLT_DUPLICATE, "a torrent with that info-hash is in the engine already");
    if (error) throw failure(CLT_INTERNAL, error.message(), system_errno_of(error));
    push_state();
}

void torrent::remove_from(lt::session &session, bool deleting) {
    if (deleting && metadata_ == metadata_state::there) {
        for (bool const had : handle_.status(lt::torrent_handle::query_pieces).pieces)
            left_->had.push_back(had);
        content_->removal = left_;
    }
    // Whoever still waits.
    answer_resume_data(nullptr, boost::asio::error::operation_aborted);
    reads_->fail_all(boost::asio::error::operation_aborted);
    content_->is_running = false;
    close_plugins();
    context_.disk->give_up(*content_);
    session.remove_torrent(handle_);
}

void torrent::start(std::vector<lt::tcp::endpoint> const &peers) {
    started_ = true;
    if (move_ != move_state::none) {
        // When it has been moved.
        to_dial_.insert(to_dial_.end(), peers.begin(), peers.end());
        return;
    }
    if (failed_) {
        failed_ = false;
        wants_room_ = false;
        wants_recount_ = true;
        context_.disk->retry(*content_);
        handle_.clear_error();
        push_state();
        if (checked_) seal_what_stands(state_of(handle_.status({}))); // what failed may have been just that
    }
    if (!content_->is_running) {
        content_->is_running = true;
        context_.disk->look(*content_);
    }
    for (lt::tcp::endpoint const &peer : peers) {
        if (!members_->may_dial(peer)) {
            peer_refused(peer, CLT_OUTGOING, CLT_REFUSAL_NOT_DIALLED);
            continue;
        }
        members_->allow_dial(peer);
        to_dial_.push_back(peer);
    }
    // A dial during the check would be for nothing: the torrent would refuse the peer as not ready. And one
    // before resume() goes out at once, one after it at the next tick of a second.
    if (metadata_ == metadata_state::there && !checked_) {
        // Where the caller said what is good, it comes by itself. What must be hashed does not, in a paused
        // torrent: nothing was said, or what is on disk does not look like it.
        bool const hashing = handle_.status({}).state == lt::torrent_status::checking_files;
        if (!have_given_ || hashing) handle_.resume();
        return;
    }
    for (lt::tcp::endpoint const &peer : to_dial_)
        handle_.connect_peer(peer);
    if (!to_dial_.empty()) wants_recount_ = true;
    to_dial_.clear();
    gate_->dial_now(handle_);
}

void torrent::stop() {
    started_ = false;
    content_->is_running = false;
    handle_.pause();
}

void torrent::on_checked() {
    if (checked_) return;
    checked_ = true;
    reused_bytes_ = uint64_t(handle_.status({}).total_done);
    event e = make_event(CLT_EVENT_CHECKED, id_);
    e.fields.count = reused_bytes_;
    push(std::move(e));
    if (started_) start({});
}

void torrent::accept_metadata(clt_metainfo const &looked_at) {
    if (metadata_ != metadata_state::held)
        throw failure(CLT_WRONG_STATE, "no metadata is held for this torrent");
    auto const section = looked_at.info_section();
    require(std::equal(section.begin(), section.end(), held_->begin(), held_->end()),
            "metainfo is not what the members sent");
    // The engine makes the empty files under its own names before any renaming of ours could run: where those
    // are not the cleaned ones, the torrent must be added again from its metainfo.
    if (!renames_after_cleaning(looked_at).empty())
        throw failure(CLT_WRONG_STATE,
                      "the engine would use other names than the cleaned ones: add it by metainfo");
    gate_->set_has_v2(looked_at.info->info_hashes().has_v2());
    metadata_ = metadata_state::there;
    if (!handle_.set_metadata({held_->data(), std::ptrdiff_t(held_->size())}))
        throw failure(CLT_MALFORMED, "the engine refused the metadata");
    // Before anything is asked for: that comes when the files were looked at.
    apply_selection();
    exchange_->serve(std::move(held_));
    content_->info = handle_.torrent_file();
    push_state();
}

void torrent::set_members(std::vector<member> members) {
    members_->replace(std::move(members));
#ifndef CLT_TEST_UNLOCK_REVOKE
    gate_->cut_non_members();
#endif
}

void torrent::save_resume_data(uint64_t request) {
    if (metadata_ != metadata_state::there)
        throw failure(CLT_WRONG_STATE, "there is no resume data before the metadata is there");
    // The engine would save only what it has checked so far, over what was known before.
    if (!checked_) throw failure(CLT_WRONG_STATE, "there is no resume data before the content was checked");
    resume_requests_.push_back(request);
    handle_.save_resume_data(lt::torrent_handle::flush_disk_cache);
}

void torrent::set_rate_limits(uint32_t upload, uint32_t download) {
    handle_.set_upload_limit(upload == 0 ? -1 : int(upload));
    handle_.set_download_limit(download == 0 ? -1 : int(download));
}

void torrent::set_file_priorities(std::vector<uint8_t> priorities) {
    auto const info = handle_.torrent_file();
    require(!info || priorities.empty() || priorities.size() == size_t(info->num_files()),
            "file_priorities are not one for each file of the torrent");
    selection_->choose(std::move(priorities));
    apply_selection();
}

void torrent::apply_selection() {
    auto const info = handle_.torrent_file();
    if (!info) return; // once the metadata is accepted
    bool const was_everything = selection_->is_everything();
    selection_->fit(info->files());
    if (was_everything && selection_->is_everything()) return;
    handle_.prioritize_pieces(
        selection_->is_everything()
            ? std::vector<lt::download_priority_t>(size_t(info->num_pieces()), lt::default_priority)
            : selection_->pieces());
    reads_->priorities_set(handle_);
}

void torrent::dial_again() {
    if (started_ && !failed_) gate_->dial_now(handle_);
}

void torrent::read_piece(int piece, uint64_t request) {
    if (metadata_ != metadata_state::there)
        throw failure(CLT_WRONG_STATE, "there are no pieces before the metadata is there");
    reads_->read(handle_, piece, request);
}

clt_send_outcome torrent::send(clt_message const &message) {
    if (!messages_) throw failure(CLT_WRONG_STATE, "the torrent was added without CLT_ADD_MESSAGES");
    require(message.kind == CLT_MESSAGE_SIGNAL, "a message is of an unknown kind");
    require(message.body != nullptr || message.body_length == 0, "body is NULL with a length");
    if (message.body_length > CLT_MESSAGE_BODY_MAX)
        throw failure(CLT_LIMIT, "the body is longer than CLT_MESSAGE_BODY_MAX");
    lt::span<char const> const body(reinterpret_cast<char const *>(message.body),
                                    std::ptrdiff_t(message.body_length));
    auto const kind = uint8_t(message.kind);
    if (message.endpoint.family != 0) return messages_->send(endpoint_in(message.endpoint), kind, body);
    std::string const peer_id =
        text_in(message.peer_id, message.peer_id_length, "peer_id is NULL with a length");
    require(!peer_id.empty(), "a message has neither endpoint nor peer_id");
    return messages_->send(peer_id, kind, body);
}

clt_message_counters torrent::message_counters() const {
    return messages_ ? messages_->counters() : clt_message_counters{};
}

} // namespace clt
