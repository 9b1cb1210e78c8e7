// The C API of the engine and its torrents: arguments in, one job on the network thread, results out.
#include "bytes.hpp"
#include "endpoint.hpp"
#include "engine_call.hpp"
#include "settings.hpp"
#include "versions.hpp"

#include <libtorrent/peer_info.hpp>

#include <algorithm>

struct clt_peers {
    std::vector<clt_peer> peers;
    std::vector<std::string> clients;
    std::vector<std::vector<char>> pieces;
};

struct clt_refusals {
    clt::refusal_log::snapshot what;
};

namespace {

using clt::checked;
using clt::with_torrent;

uint32_t flags_of(lt::peer_info const &peer) {
    uint32_t flags = 0;
    auto set = [&](lt::peer_flags_t flag, uint32_t ours) {
        if (peer.flags & flag) flags |= ours;
    };
    set(lt::peer_info::interesting, CLT_PEER_INTERESTED);
    set(lt::peer_info::choked, CLT_PEER_CHOKED);
    set(lt::peer_info::remote_interested, CLT_PEER_REMOTE_INTERESTED);
    set(lt::peer_info::remote_choked, CLT_PEER_REMOTE_CHOKED);
    set(lt::peer_info::connecting, CLT_PEER_CONNECTING);
    set(lt::peer_info::handshake, CLT_PEER_HANDSHAKE);
    set(lt::peer_info::seed, CLT_PEER_SEED);
    set(lt::peer_info::plaintext_encrypted, CLT_PEER_MSE);
    set(lt::peer_info::rc4_encrypted, CLT_PEER_RC4);
    if (peer.read_state & lt::peer_info::bw_limit) flags |= CLT_PEER_DOWNLOAD_LIMITED;
    if (peer.write_state & lt::peer_info::bw_limit) flags |= CLT_PEER_UPLOAD_LIMITED;
    return flags;
}

clt_peer peer_out(lt::peer_info const &peer, clt::membership const &members) {
    clt_peer out{};
    out.struct_size = sizeof(out);
    out.direction = (peer.flags & lt::peer_info::local_connection) ? CLT_OUTGOING : CLT_INCOMING;
    out.endpoint = clt::endpoint_out(peer.ip);
    if (clt::member const *who = members.match_incoming(peer.ip)) {
        out.member_rule = who->rule;
        out.member_source = who->source;
    }
    out.flags = flags_of(peer);
    out.download_rate = uint32_t(peer.payload_down_speed);
    out.upload_rate = uint32_t(peer.payload_up_speed);
    out.downloaded_bytes = uint64_t(peer.total_download);
    out.uploaded_bytes = uint64_t(peer.total_upload);
    out.piece_count = uint32_t(peer.num_pieces);
    out.last_active_ms = int32_t(lt::total_milliseconds(peer.last_active));
    return out;
}

std::vector<lt::tcp::endpoint> endpoints_in(clt_endpoint const *endpoints, uint64_t count) {
    clt::require(endpoints != nullptr || count == 0, "peers is NULL with a count");
    std::vector<lt::tcp::endpoint> out;
    for (uint64_t i = 0; i < count; ++i) {
        out.push_back(clt::endpoint_in(endpoints[i]));
        clt::require(out.back().port() != 0, "a peer's port is 0");
    }
    return out;
}

} // namespace

extern "C" {

int32_t clt_engine_create(clt_engine_options const *options, clt_engine **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        clt_engine_options const read = clt::read_struct(options);
        clt::check_versions(read.abi_version);
        auto created = std::make_unique<clt_engine>();
        created->native = std::make_shared<clt::engine>(read);
        created->native->start();
        if (clt::runs_newer_patch_level()) {
            clt::event warning = clt::make_event(CLT_EVENT_LOG);
            warning.fields.value = 3;
            warning.text =
                "libtorrent is newer than the version compiled against: what rests on its internals is off";
            created->native->events().push(std::move(warning));
        }
        *out = created.release();
    });
}

int32_t clt_engine_destroy(clt_engine *engine, uint32_t timeout_ms, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        if (engine == nullptr) return;
        std::unique_ptr<clt_engine> const owned(engine);
        if (!owned->native->stop(std::chrono::milliseconds(timeout_ms)))
            throw clt::failure(CLT_TIMED_OUT,
                               "the engine did not stop in time; the rest ends in the background");
    });
}

int32_t clt_engine_event_fd(clt_engine const *engine) noexcept {
    return engine == nullptr ? -1 : engine->native->events().fd();
}

int32_t clt_engine_drain_events(clt_engine *engine, clt_event const **out, size_t *out_count,
                                clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr && out_count != nullptr, "out is NULL");
        std::vector<clt_event> const &events = checked(engine).events().drain();
        *out = events.data();
        *out_count = events.size();
    });
}

int32_t clt_engine_get_settings(clt_engine *engine, clt_bytes **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        clt::engine &native = checked(engine);
        std::string const text =
            clt::describe_closed_settings(native.run([&] { return native.session().get_settings(); }));
        auto bytes = std::make_unique<clt_bytes>();
        bytes->data.assign(text.begin(), text.end());
        *out = bytes.release();
    });
}

int32_t clt_engine_get_counters(clt_engine *engine, clt_counters *out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::engine &native = checked(engine);
        clt::write_struct(out, native.run([&] { return native.counters(); }));
    });
}

int32_t clt_engine_get_refusals(clt_engine *engine, clt_refusals **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        clt::engine &native = checked(engine);
        auto snapshot = std::make_unique<clt_refusals>();
        snapshot->what = native.run([&] { return native.refusals().look(); });
        *out = snapshot.release();
    });
}

clt_refused const *clt_refusals_data(clt_refusals const *refusals, size_t *count) noexcept {
    if (count != nullptr) *count = refusals == nullptr ? 0 : refusals->what.latest.size();
    return refusals == nullptr ? nullptr : refusals->what.latest.data();
}

uint64_t clt_refusals_total(clt_refusals const *refusals, uint32_t reason) noexcept {
    if (refusals == nullptr || reason >= refusals->what.totals.size()) return 0;
    return refusals->what.totals[reason];
}

uint64_t clt_refusals_forgotten(clt_refusals const *refusals) noexcept {
    return refusals == nullptr ? 0 : refusals->what.forgotten;
}

void clt_refusals_free(clt_refusals *refusals) noexcept {
    delete refusals;
}

int32_t clt_torrent_add(clt_engine *engine, clt_add_options const *options, clt_torrent_id *out,
                        clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        clt_add_options const read = clt::read_struct(options);
        clt::engine &native = checked(engine);
        *out = native.run([&] { return native.add_torrent(read); });
    });
}

int32_t clt_torrent_start(clt_engine *engine, clt_torrent_id torrent, clt_endpoint const *peers,
                          uint64_t peer_count, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error,
                        [&](clt::engine &, clt::torrent &t) { t.start(endpoints_in(peers, peer_count)); });
}

int32_t clt_torrent_stop(clt_engine *engine, clt_torrent_id torrent, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) { t.stop(); });
}

int32_t clt_torrent_accept_metadata(clt_engine *engine, clt_torrent_id torrent, clt_metainfo const *metainfo,
                                    clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        clt::require(metainfo != nullptr, "metainfo is NULL");
        t.accept_metadata(*metainfo);
    });
}

int32_t clt_torrent_remove(clt_engine *engine, clt_torrent_id torrent, uint64_t request,
                           clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &native, clt::torrent &) {
        native.remove_torrent(torrent, request, false);
    });
}

int32_t clt_torrent_remove_with_files(clt_engine *engine, clt_torrent_id torrent, uint64_t request,
                                      clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &native, clt::torrent &) {
        native.remove_torrent(torrent, request, true);
    });
}

int32_t clt_torrent_move(clt_engine *engine, clt_torrent_id torrent, char const *path, size_t path_length,
                         uint64_t request, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        t.move(clt::text_in(path, path_length, "path is NULL with a length"), request);
    });
}

int32_t clt_torrent_cancel_move(clt_engine *engine, clt_torrent_id torrent, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) { t.cancel_move(); });
}

int32_t clt_torrent_end_move(clt_engine *engine, clt_torrent_id torrent, int32_t discard_sources,
                             uint64_t request, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error,
                        [&](clt::engine &, clt::torrent &t) { t.end_move(discard_sources != 0, request); });
}

int32_t clt_torrent_rename(clt_engine *engine, clt_torrent_id torrent, uint64_t file, char const *path,
                           size_t path_length, uint64_t request, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        clt::require(file <= INT32_MAX, "there is no file of that index");
        t.rename(int(file), clt::text_in(path, path_length, "path is NULL with a length"), request);
    });
}

int32_t clt_torrent_set_members(clt_engine *engine, clt_torrent_id torrent, clt_member const *members,
                                uint64_t member_count, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &native, clt::torrent &t) {
        t.set_members(clt::membership::read(members, member_count));
        native.update_filter(torrent);
    });
}

int32_t clt_torrent_save_resume_data(clt_engine *engine, clt_torrent_id torrent, uint64_t request,
                                     clt_error *error) noexcept {
    return with_torrent(engine, torrent, error,
                        [&](clt::engine &, clt::torrent &t) { t.save_resume_data(request); });
}

int32_t clt_torrent_get_status(clt_engine *engine, clt_torrent_id torrent, clt_torrent_status *out,
                               clt_error *error) noexcept {
    return with_torrent(engine, torrent, error,
                        [&](clt::engine &, clt::torrent &t) { clt::write_struct(out, t.status()); });
}

int32_t clt_torrent_get_peers(clt_engine *engine, clt_torrent_id torrent, clt_peers **out,
                              clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        clt::require(out != nullptr, "out is NULL");
        auto snapshot = std::make_unique<clt_peers>();
        for (lt::peer_info const &peer : t.peers()) {
            snapshot->peers.push_back(peer_out(peer, t.members()));
            snapshot->clients.push_back(peer.client);
            snapshot->pieces.push_back(clt::bits_out(peer.pieces));
        }
        for (size_t i = 0; i < snapshot->peers.size(); ++i) {
            snapshot->peers[i].client = snapshot->clients[i].c_str();
            snapshot->peers[i].client_length = snapshot->clients[i].size();
        }
        *out = snapshot.release();
    });
}

clt_peer const *clt_peers_data(clt_peers const *peers, size_t *count) noexcept {
    if (count != nullptr) *count = peers == nullptr ? 0 : peers->peers.size();
    return peers == nullptr ? nullptr : peers->peers.data();
}

uint8_t const *clt_peers_pieces(clt_peers const *peers, size_t index, size_t *length) noexcept {
    bool const known = peers != nullptr && index < peers->pieces.size();
    if (length != nullptr) *length = known ? peers->pieces[index].size() : 0;
    return known ? reinterpret_cast<uint8_t const *>(peers->pieces[index].data()) : nullptr;
}

void clt_peers_free(clt_peers *peers) noexcept {
    delete peers;
}

int32_t clt_torrent_get_pieces(clt_engine *engine, clt_torrent_id torrent, clt_bytes **out,
                               clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        clt::require(out != nullptr, "out is NULL");
        auto bytes = std::make_unique<clt_bytes>();
        auto const info = t.handle().torrent_file();
        bytes->data = clt::bits_out(t.handle().status(lt::torrent_handle::query_pieces).pieces);
        bytes->data.resize(info ? size_t(info->num_pieces() + 7) / 8 : 0, 0);
        *out = bytes.release();
    });
}

int32_t clt_torrent_read_piece(clt_engine *engine, clt_torrent_id torrent, uint32_t piece, uint64_t request,
                               clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &native, clt::torrent &t) {
        clt::require(piece <= 0x7fffffff, "the torrent has no such piece");
        clt::require(request != 0, "request is 0");
        native.wanting_more(t, [&] { t.read_piece(int(piece), request); });
    });
}

int32_t clt_torrent_cancel_reads(clt_engine *engine, clt_torrent_id torrent, uint64_t const *requests,
                                 uint64_t request_count, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        clt::require(requests != nullptr || request_count == 0, "requests is NULL with a count");
        t.cancel_reads(std::vector<uint64_t>(requests, requests + request_count));
    });
}

int32_t clt_torrent_send_message(clt_engine *engine, clt_torrent_id torrent, clt_message const *message,
                                 int32_t *outcome, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        clt::require(outcome != nullptr, "outcome is NULL");
        *outcome = t.send(clt::read_struct(message));
    });
}

int32_t clt_torrent_get_message_counters(clt_engine *engine, clt_torrent_id torrent,
                                         clt_message_counters *out, clt_error *error) noexcept {
    return with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        clt::write_struct(out, t.message_counters());
    });
}

} // extern "C"
