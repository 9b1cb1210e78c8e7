#include "settings.hpp"
#include "bytes.hpp"
#include "error.hpp"
#include "unlocks.hpp"

#include <libtorrent/alert.hpp>
#include <libtorrent/mmap_disk_io.hpp>

#include <climits>

namespace clt {

namespace {

using sp = lt::settings_pack;

constexpr sp::bool_types closed_channels[] = {
    sp::enable_dht,
    sp::enable_lsd,
    sp::enable_upnp,
    sp::enable_natpmp,
    sp::enable_incoming_utp,
    sp::enable_outgoing_utp,
    sp::listen_system_port_fallback,
    sp::allow_i2p_mixed,
    sp::support_share_mode,
};

void set_encryption(sp &pack, int32_t encryption) {
    // in, out, level, prefer RC4. "Handshake" dials with MSE so that an impostor at a member's address does
    // not get the info-hash from us, and goes on in plaintext, which costs nothing.
    int in = sp::pe_enabled, out = sp::pe_forced, level = sp::pe_both;
    bool prefer_rc4 = false;
    switch (encryption) {
    case CLT_ENCRYPTION_HANDSHAKE:
        break;
    case CLT_ENCRYPTION_OFF:
        in = sp::pe_disabled;
        out = sp::pe_disabled;
        break;
    case CLT_ENCRYPTION_FULL:
        prefer_rc4 = true;
        break;
    case CLT_ENCRYPTION_REQUIRED:
        in = sp::pe_forced;
        level = sp::pe_rc4;
        prefer_rc4 = true;
        break;
    default:
        throw failure(CLT_INVALID_ARGUMENT, "encryption is none of clt_encryption");
    }
    pack.set_int(sp::in_enc_policy, in);
    pack.set_int(sp::out_enc_policy, out);
    pack.set_int(sp::allowed_enc_level, level);
    pack.set_bool(sp::prefer_rc4, prefer_rc4);
}

} // namespace

std::string listen_interfaces_of(clt_engine_options const &options) {
    return text_in(options.listen_interfaces, options.listen_interfaces_length,
                   "listen_interfaces is NULL with a length");
}

std::string outgoing_interfaces_of(clt_engine_options const &options) {
    return text_in(options.outgoing_interfaces, options.outgoing_interfaces_length,
                   "outgoing_interfaces is NULL with a length");
}

sp closed_settings(clt_engine_options const &options) {
    sp pack;
    for (sp::bool_types const channel : closed_channels)
        pack.set_bool(channel, false);
    pack.set_str(sp::dht_bootstrap_nodes, "");
#ifdef CLT_TEST_UNLOCK_DHT
    pack.set_bool(sp::enable_dht, true);
#endif
#ifdef CLT_TEST_UNLOCK_LSD
    pack.set_bool(sp::enable_lsd, true);
#endif
#ifdef CLT_TEST_UNLOCK_UPNP
    pack.set_bool(sp::enable_upnp, true);
#endif
#ifdef CLT_TEST_UNLOCK_NATPMP
    pack.set_bool(sp::enable_natpmp, true);
#endif
#ifdef CLT_TEST_UNLOCK_UTP
    pack.set_bool(sp::enable_incoming_utp, true);
    pack.set_bool(sp::enable_outgoing_utp, true);
#endif

    // Listening only where we were told to; dialling too, by dial_source.
    pack.set_str(sp::listen_interfaces, listen_interfaces_of(options));
    pack.set_int(sp::max_retry_port_bind, 0);
    pack.set_int(sp::outgoing_port, 0);
    set_encryption(pack, options.encryption);

    // What we say of ourselves: nothing that the protocol does not need.
    pack.set_str(sp::user_agent, "");
    pack.set_str(sp::handshake_client_version, "");
    pack.set_str(sp::peer_fingerprint, "");
    pack.set_bool(sp::anonymous_mode, true);

    // Members dial and are dialled at once: they are few and trusted to be there.
    pack.set_int(sp::torrent_connect_boost, 255);
    pack.set_bool(sp::smooth_connects, false);
    pack.set_int(sp::connection_speed, 200);
    pack.set_int(sp::min_reconnect_time, 1);
    pack.set_int(sp::max_failcount, 1000000);
    pack.set_int(sp::max_peerlist_size, 0); // members are listed: none is dropped
    pack.set_int(sp::max_paused_peerlist_size, 0);
    pack.set_int(sp::peer_connect_timeout, 10);
    pack.set_int(sp::handshake_timeout, 10);
    pack.set_bool(sp::allow_multiple_connections_per_ip, true); // members behind one address
    pack.set_int(sp::connections_limit,
                 int(options.connections_limit == 0 ? 2000 : options.connections_limit));
    // The kernel's queues before accept(): five, the engine's own value, are full of strangers at once, and a
    // member then waits a second for its next try.
    pack.set_int(sp::listen_queue_size, 1024);
    pack.set_int(sp::unchoke_slots_limit, -1);
    // Limits count what is said in the protocol. The engine would add what it thinks that packets cost, four
    // bytes in a hundred, and let that much less through.
    pack.set_bool(sp::rate_limit_ip_overhead, false);
    pack.set_bool(sp::close_redundant_connections, true);

    // Disk: no mappings (a file truncated under one is a SIGBUS), threads kept.
    pack.set_int(sp::mmap_file_size_cutoff, INT_MAX);
    pack.set_int(sp::disk_write_mode, sp::always_pwrite);
    pack.set_int(sp::aio_threads, int(options.disk_threads == 0 ? 4 : options.disk_threads));
    pack.set_int(sp::hashing_threads, 1);

    // Untrusted input.
    pack.set_int(sp::max_metadata_size,
                 int(options.max_metadata_bytes == 0 ? 4 * 1024 * 1024 : options.max_metadata_bytes));
    pack.set_int(sp::max_piece_count, int(options.max_pieces == 0 ? 65536 : options.max_pieces));
    pack.set_int(sp::metadata_token_limit, int(options.max_tokens == 0 ? 500000 : options.max_tokens));

    // Alerts are drained on the network thread itself, between its other work: strangers cannot fill the
    // queue.
    pack.set_int(sp::alert_mask,
                 static_cast<int>(static_cast<std::uint32_t>(
                     lt::alert_category::error | lt::alert_category::status | lt::alert_category::storage |
                     lt::alert_category::ip_block | lt::alert_category::peer)));
    pack.set_int(sp::alert_queue_size, 10000);
    return pack;
}

sp pace_of_limits() {
    sp pack;
    pack.set_int(sp::tick_interval, 25);
    return pack;
}

std::string describe_closed_settings(sp const &effective) {
    std::string out;
    auto line = [&](char const *name, std::string const &value) {
        out += std::string(name) + '=' + value + '\n';
    };
    for (sp::bool_types const channel : closed_channels)
        line(lt::name_for_setting(channel), effective.get_bool(channel) ? "1" : "0");
    for (sp::bool_types const flag : {sp::anonymous_mode, sp::prefer_rc4})
        line(lt::name_for_setting(flag), effective.get_bool(flag) ? "1" : "0");
    for (sp::int_types const number : {sp::max_retry_port_bind, sp::in_enc_policy, sp::out_enc_policy,
                                       sp::allowed_enc_level, sp::mmap_file_size_cutoff, sp::disk_write_mode})
        line(lt::name_for_setting(number), std::to_string(effective.get_int(number)));
    for (sp::string_types const text : {sp::listen_interfaces, sp::outgoing_interfaces,
                                        sp::dht_bootstrap_nodes, sp::user_agent, sp::peer_fingerprint})
        line(lt::name_for_setting(text), effective.get_str(text));
    return out;
}

} // namespace clt
