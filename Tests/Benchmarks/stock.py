"""One side of a transfer by python3-libtorrent, with the settings that were found fastest on loopback.

seed TORRENT DATA: prints its port, and seeds until standard input ends.
leech TORRENT INTO PORT: prints the milliseconds from adding the torrent to its last verified byte.
"""

import sys
import time

import libtorrent

SETTINGS = {
    # TCP without encryption, no limits, nothing but the one peer.
    "enable_outgoing_utp": False, "enable_incoming_utp": False, "enable_dht": False, "enable_lsd": False,
    "enable_upnp": False, "enable_natpmp": False, "in_enc_policy": 2, "out_enc_policy": 2,
    "upload_rate_limit": 0, "download_rate_limit": 0, "unchoke_slots_limit": -1,
    "allow_multiple_connections_per_ip": True, "aio_threads": 4, "hashing_threads": 1,
    "alert_mask": libtorrent.alert.category_t.status_notification | libtorrent.alert.category_t.error_notification,
}


def session(address):
    return libtorrent.session({**SETTINGS, "listen_interfaces": f"{address}:0", "outgoing_interfaces": address})


def parameters(torrent, folder):
    p = libtorrent.add_torrent_params()
    p.ti = libtorrent.torrent_info(torrent)
    p.save_path = folder
    p.flags &= ~libtorrent.torrent_flags.auto_managed
    return p


def wait_for(s, kind):
    while True:
        s.wait_for_alert(1000)
        for alert in s.pop_alerts():
            if isinstance(alert, kind):
                return
            if isinstance(alert, (libtorrent.torrent_error_alert, libtorrent.file_error_alert)):
                sys.exit(str(alert))


def seed(torrent, data):
    s = session("127.0.0.3")
    p = parameters(torrent, data)
    p.flags |= libtorrent.torrent_flags.seed_mode
    p.flags &= ~libtorrent.torrent_flags.paused
    s.add_torrent(p)
    while s.listen_port() == 0:
        time.sleep(0.01)
    print(s.listen_port(), flush=True)
    sys.stdin.read()


def leech(torrent, into, port):
    s = session("127.0.0.4")
    p = parameters(torrent, into)
    p.flags |= libtorrent.torrent_flags.paused
    p.peers = [("127.0.0.3", port)]
    started = time.monotonic()
    s.add_torrent(p).resume()  # known peers are dialled at a resume, not at the next tick
    wait_for(s, libtorrent.torrent_finished_alert)
    print((time.monotonic() - started) * 1000)


if __name__ == "__main__":
    if sys.argv[1] == "seed":
        seed(*sys.argv[2:4])
    else:
        leech(sys.argv[2], sys.argv[3], int(sys.argv[4]))
