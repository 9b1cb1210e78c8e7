"""Members that ask and do not read the answers: memory stays bounded, they are cut and named, the others go on."""

import itertools
import socket
import time

import wire
from wire import extended, extension_handshake, have, message, request
from world import HOSTILE, MEMORY_LIMIT, Row, expect, leech, memory, reset_peak

WHO = "hostile member"
SECONDS = 6


def flood(place, chunk, greeting=b"", must_be_cut=True):
    """Sends `chunk` over and over, reads nothing, and looks at memory while an honest member fetches."""
    seed = place.seed
    reset_peak(seed.pid)
    before = memory(seed.pid)
    sent, cut = 0, False
    with seed.member(HOSTILE, greeting) as peer:
        name = "%s:%d" % peer.socket.getsockname()
        peer.socket.settimeout(1)
        deadline = time.monotonic() + SECONDS
        for turn in itertools.count():
            cut = not peer.send(chunk) and peer.close_kind is not None
            sent += len(chunk)
            if cut or time.monotonic() > deadline:
                break
            if turn == 50:
                leech(seed.target, place.content)
        leech(seed.target, place.content)
        grown = memory(seed.pid, "VmHWM") - before
        expect(seed.lives, f"the process ended: {seed.swarmctl.describe()}")
        expect(grown < MEMORY_LIMIT, f"memory grew by {grown >> 20} MiB for {sent >> 20} MiB sent")
        expect(cut or not must_be_cut, f"it was not cut after {sent >> 20} MiB")
    if must_be_cut:
        seed.swarmctl.wait_for("peer", endpoint=name, state="disconnected", reason="protocolError")
    return Row(WHO, sent // len(chunk), peer.received, peer.close_kind or "ours",
               f"held: +{max(0, grown) >> 20} MiB for {sent >> 20} MiB sent")


def requests_without_reading(place):
    return flood(place, request(0, 0, 16384) * 8192, message(wire.INTERESTED))


def invalid_requests_without_reading(place):
    return flood(place, request(-1, 0, 16384) * 8192, message(wire.INTERESTED))


def interested_without_reading(place):
    return flood(place, message(wire.INTERESTED) * 16384)


def interested_and_not_without_reading(place):
    return flood(place, (message(wire.INTERESTED) + message(wire.NOT_INTERESTED)) * 16384)


def request_and_cancel_without_reading(place):
    return flood(place, b"".join(request(0, 0, 16384, kind) for kind in (wire.REQUEST, wire.CANCEL)) * 4096,
                 message(wire.INTERESTED))


def metadata_requests_without_reading(place):
    chunk = extended(2, wire.bencode({"msg_type": 0, "piece": 0})) * 4096
    return flood(place, chunk, extension_handshake(), must_be_cut=False)


def extension_handshakes_without_reading(place):
    return flood(place, extension_handshake() * 4096, must_be_cut=False)


def haves_without_reading(place):
    return flood(place, b"".join(have(i) for i in range(16)) * 1024, must_be_cut=False)


def never_reads_what_it_asked_for(place):
    """A whole torrent's requests, and a receive window that stays shut."""
    seed = place.seed
    reset_peak(seed.pid)
    before = memory(seed.pid)
    peers = [seed.member(HOSTILE, message(wire.INTERESTED)) for _ in range(20)]
    for peer in peers:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.send(b"".join(request(i, b, 16384) for i in range(16) for b in range(0, 65536, 16384)) * 10)
    leech(seed.target, place.content)
    time.sleep(1)
    grown = memory(seed.pid, "VmHWM") - before
    for peer in peers:
        peer.close()
    expect(seed.lives, "the process ended")
    expect(grown < 2 * MEMORY_LIMIT, f"memory grew by {grown >> 20} MiB")
    return Row(WHO, 20, 0, "ours", f"held: +{max(0, grown) >> 20} MiB")


ATTACKS = [
    requests_without_reading, invalid_requests_without_reading, interested_without_reading,
    interested_and_not_without_reading, request_and_cancel_without_reading, metadata_requests_without_reading,
    extension_handshakes_without_reading, haves_without_reading, never_reads_what_it_asked_for,
]
