"""The cases: each client leeches from our seed, and seeds to our fetch. Run by Tests/Interop/run."""

import os
import sys
import time
import traceback

import libtorrent

import clients
from support import Failed, Scratch, Swarmctl, Tracker, raise_loopback, require_same, with_tracker

OURS, OUR_FETCH, CLIENT, TRACKER = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"


def create(scratch, original):
    torrent = os.path.join(scratch.path, "content.torrent")
    with Swarmctl("create", os.path.join(original, os.listdir(original)[0]), "--output", torrent) as creating:
        if creating.finish() != 0:
            raise Failed(creating.describe())
    if not libtorrent.torrent_info(torrent).priv():
        raise Failed("the torrent is not private")
    return torrent


def seed(torrent, original, *rules):
    allowed = [argument for rule in rules for argument in ("--allow", rule)]
    return Swarmctl("seed", torrent, "--data", original, "--listen", f"{OURS}:0", *allowed)


def port_of(running):
    return running.wait_for("listening")["port"]


def fetch_from(client, torrent, original, scratch):
    """Our fetch from a client that seeds."""
    into = scratch.folder("fetched")
    with client:
        client.seed(torrent, original)
        with Swarmctl("fetch", torrent, "--into", into, "--peer", f"{client.address}:{client.port}",
                      "--listen", f"{OUR_FETCH}:0", "--timeout", "60") as fetching:
            if fetching.finish(70) != 0:
                raise Failed(fetching.describe())
            done = fetching.find("finished")
            if done["downloadedBytes"] != 5_070_013 or done["wastedBytes"] != 0:
                raise Failed(f"not every byte came once: {done}")
    require_same(original, into)


def libtorrent_leeches_by_invite(scratch):
    """Stock ut_metadata and data, from the printed invite alone."""
    original, into = scratch.content(), scratch.folder("leeched")
    content = os.path.join(original, os.listdir(original)[0])
    with Swarmctl("share", content, "--listen", f"{OURS}:0", "--allow", CLIENT) as sharing:
        magnet = sharing.wait_for("invite")["magnet"]
        with clients.Stock(CLIENT) as client:
            client.leech(magnet, into)
            client.wait()
        sharing.wait_for("peer", state="connected", direction="incoming")
    require_same(original, into)


def metadata_once_allowed_and_not_before(scratch):
    """A client that has the invite gets nothing until its address is listed, and then the metadata."""
    original, into = scratch.content(), scratch.folder("leeched")
    content = os.path.join(original, os.listdir(original)[0])
    rules = os.path.join(scratch.path, "members")
    with open(rules, "w") as f:
        f.write("127.0.0.99\n")
    with Swarmctl("share", content, "--listen", f"{OURS}:0", "--allow-file", rules) as sharing:
        magnet = sharing.wait_for("invite")["magnet"]
        with clients.Stock(CLIENT) as client:
            client.leech(magnet, into)
            sharing.wait_for("peer", state="refused", timeout=10)
            time.sleep(3)
            status = client.handle.status()
            if client.has_metadata() or status.total_download > 0:
                raise Failed(f"a client that is not listed got {status.total_download} bytes")
            if sharing.find("peer", state="connected"):
                raise Failed("a client that is not listed was let in")
            with open(rules + ".new", "w") as f:
                f.write(f"127.0.0.99\n{CLIENT}\n")
            os.rename(rules + ".new", rules)
            client.add_peer(magnet.split("x.pe=")[1].split("&")[0].replace("%3A", ":").replace("%3a", ":"))
            client.wait(30)
    require_same(original, into)


def libtorrent_seeds(scratch):
    original = scratch.content()
    fetch_from(clients.Stock(CLIENT), create(scratch, original), original, scratch)


def transmission_leeches(scratch):
    """Our seed dials it: transmission dials no loopback address."""
    original, into = scratch.content(), scratch.folder("leeched")
    torrent = create(scratch, original)
    with clients.Transmission(CLIENT, scratch) as client:
        client.leech(torrent, into)
        with seed(torrent, original, f"{CLIENT}:{client.port}"):
            client.wait()
    require_same(original, into, without=("empty",))  # transmission 3.00 makes no empty files


def transmission_seeds(scratch):
    original = scratch.content()
    fetch_from(clients.Transmission(CLIENT, scratch), create(scratch, original), original, scratch)


def aria2_leeches(scratch):
    original, into = scratch.content(), scratch.folder("leeched")
    torrent = create(scratch, original)
    with seed(torrent, original, CLIENT) as seeding, Tracker(TRACKER, (OURS, port_of(seeding))) as tracker:
        tracked = with_tracker(torrent, tracker.url, os.path.join(scratch.path, "tracked.torrent"))
        if libtorrent.torrent_info(tracked).info_hash() != libtorrent.torrent_info(torrent).info_hash():
            raise Failed("the tracker changed the info-hash")
        with clients.Aria2(CLIENT, scratch) as client:
            client.leech(tracked, into)
            client.wait()
    require_same(original, into)


def aria2_seeds(scratch):
    original = scratch.content()
    fetch_from(clients.Aria2(CLIENT, scratch), create(scratch, original), original, scratch)


def qbittorrent_leeches_by_invite(scratch):
    original, into = scratch.content(), scratch.folder("leeched")
    content = os.path.join(original, os.listdir(original)[0])
    with Swarmctl("share", content, "--listen", f"{OURS}:0", "--allow", CLIENT) as sharing:
        with clients.QBittorrent(CLIENT, scratch) as client:
            client.leech(sharing.wait_for("invite")["magnet"], into)
            client.add_peer(f"{OURS}:{port_of(sharing)}")
            client.wait()
    require_same(original, into)


def qbittorrent_seeds(scratch):
    original = scratch.content()
    fetch_from(clients.QBittorrent(CLIENT, scratch), create(scratch, original), original, scratch)


CASES = [
    libtorrent_leeches_by_invite, metadata_once_allowed_and_not_before, libtorrent_seeds, transmission_leeches,
    transmission_seeds, aria2_leeches, aria2_seeds, qbittorrent_leeches_by_invite, qbittorrent_seeds,
]


def main(arguments):
    if arguments[:1] == ["--list"]:
        print("\n".join(case.__name__ for case in CASES))
        return 0
    if arguments[:1] == ["--own-network"]:
        raise_loopback()
        arguments = arguments[1:]
    Swarmctl.program = os.path.abspath(arguments[0])
    wanted = arguments[1:]
    chosen = [case for case in CASES if not wanted or case.__name__ in wanted]
    if not chosen or len(chosen) < len(set(wanted)):
        print("no such case", file=sys.stderr)
        return 64
    failed = []
    for case in chosen:
        started = time.monotonic()
        outcome = "passed"
        try:
            with Scratch() as scratch:
                case(scratch)
        except Failed as e:
            outcome = f"FAILED: {e}"
        except Exception:
            outcome = f"FAILED: {traceback.format_exc()}"
        if outcome != "passed":
            failed.append(case.__name__)
        print(f"{case.__name__:40} {time.monotonic() - started:6.1f} s  {outcome}", flush=True)
    print(f"interop: {len(chosen) - len(failed)} of {len(chosen)} cases passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
