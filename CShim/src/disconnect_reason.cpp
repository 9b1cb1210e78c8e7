#include "disconnect_reason.hpp"

#include <boost/asio/error.hpp>

namespace clt {

namespace {

clt_disconnect kind_of(lt::error_code const &error, bool after_handshake) {
    namespace net = boost::asio::error;
    if (error == net::connection_refused) return CLT_DISCONNECT_CONNECT_REFUSED;
    if (error == net::host_unreachable || error == net::network_unreachable || error == net::network_down)
        return CLT_DISCONNECT_UNREACHABLE;
    if (error == net::timed_out || error == lt::errors::timed_out ||
        error == lt::errors::timed_out_no_handshake || error == lt::errors::timed_out_inactivity ||
        error == lt::errors::timed_out_no_interest || error == lt::errors::timed_out_no_request)
        return CLT_DISCONNECT_TIMED_OUT;
    if (error == net::eof || error == net::connection_reset || error == net::broken_pipe ||
        error == net::connection_aborted)
        return after_handshake ? CLT_DISCONNECT_CLOSED : CLT_DISCONNECT_BEFORE_HANDSHAKE;
    if (error == lt::errors::torrent_finished || error == lt::errors::torrent_removed ||
        error == lt::errors::torrent_paused || error == lt::errors::torrent_aborted ||
        error == lt::errors::session_closing || error == lt::errors::stopping_torrent ||
        error == lt::errors::session_is_closing || error == lt::errors::upload_upload_connection ||
        error == lt::errors::uninteresting_upload_peer || error == lt::errors::duplicate_peer_id ||
        error == lt::errors::self_connection || error == lt::errors::too_many_connections ||
        error == lt::errors::torrent_not_ready || error == net::operation_aborted)
        return CLT_DISCONNECT_BY_US;
    if (error.category() == lt::libtorrent_category()) return CLT_DISCONNECT_PROTOCOL;
    return CLT_DISCONNECT_OTHER;
}

} // namespace

std::pair<clt_disconnect, std::string> disconnect_reason(lt::error_code const &error, bool after_handshake) {
    return {kind_of(error, after_handshake), error.message()};
}

} // namespace clt
