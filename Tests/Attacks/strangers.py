"""Who is a member of nothing: gets 0 bytes, and cannot tell a torrent that is here from one that is not."""

import os
import socket
import struct
import time

import ranks
import wire
from wire import Peer
from world import OURS, STRANGER, Row, expect

WHO = "stranger"
WRONG = bytes(range(20))
BOTH = ("right", "wrong")


def row(peers, tries=None, verdict="held"):
    """Adds up what each got; any byte is too much, and so is a connection that stands."""
    received = sum(peer.received for peer in peers)
    closes = sorted({str(peer.close_kind) for peer in peers})
    expect(received == 0, f"got {received} bytes")
    expect("None" not in closes, "a connection was not closed")
    return Row(WHO, tries or len(peers), received, "/".join(closes), verdict)


def say(place, data, seed=None, source=STRANGER, repeat=5):
    peers = []
    for _ in range(repeat):
        peer = (seed or place.seed).dial(source)
        peer.send(data)
        peer.read_to_end()
        peer.close()
        peers.append(peer)
    return peers


def mse_opening(info_hash):
    """All that a dialling side could say of its torrent without an answer."""
    return wire.MSE().key + wire.sha1(b"req1", info_hash) + wire.sha1(b"req2", info_hash) + os.urandom(64)


def plaintext_handshake(place):
    return row([p for h in (place.content.info_hash, WRONG) for p in say(place, wire.handshake(h))])


def mse_handshake(place):
    return row([p for h in (place.content.info_hash, WRONG) for p in say(place, mse_opening(h))])


def tls_hello(place):
    return row(say(place, bytes([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]) + os.urandom(194)))


def http_request(place):
    hexadecimal = place.content.info_hash.hex()
    return row(say(place, f"GET /announce?info_hash={hexadecimal} HTTP/1.1\r\nHost: x\r\n\r\n".encode()))


def garbage(place):
    return row(say(place, os.urandom(300)))


def burst_of_10000_bytes(place):
    return row(say(place, wire.handshake(place.content.info_hash) + os.urandom(10_000)))


def nothing_said_and_held(place):
    peers = [place.seed.dial(STRANGER) for _ in range(50)]
    for peer in peers:
        peer.read_to_end()
    return row(peers)


def closed_at_once(place):
    peers = [place.seed.dial(STRANGER) for _ in range(50)]
    for peer in peers:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
    return Row(WHO, len(peers), 0, "ours")


def slow_trickle(place):
    """A byte a second, as far as it is let."""
    peer = place.seed.dial(STRANGER, timeout=1.0)
    for byte in wire.handshake(place.content.info_hash)[:4]:
        if not peer.send(bytes([byte])) or peer.read() == b"":
            break
    return row([peer], 1)


def ipv6(place):
    return row([p for h in (place.content.info_hash, WRONG)
                for p in say(place, wire.handshake(h), seed=place.seed_v6, source="::1")])


def ipv4_mapped(place):
    target = (f"::ffff:{OURS}", place.seed.target[1])
    peers = []
    for info_hash in (place.content.info_hash, WRONG):
        with Peer(f"::ffff:{STRANGER}", target) as peer:
            peer.send(wire.handshake(info_hash))
            peer.read_to_end()
            peers.append(peer)
    return row(peers)


def datagrams(place):
    """A uTP SYN, a DHT ping, garbage."""
    syn = struct.pack(">BBHIIIHH", 0x41, 0, 4711, int(time.monotonic()) & 0xFFFFFFFF, 0, 1 << 20, 1, 0)
    ping = b"d1:ad2:id20:" + os.urandom(20) + b"e1:q4:ping1:t2:aa1:y1:qe"
    received, what = 0, []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((STRANGER, 0))
        s.connect(place.seed.target)
        s.settimeout(0.5)
        for datagram in (syn, ping, os.urandom(100)) * 2:
            try:
                s.send(datagram)
                received += len(s.recv(65536))
            except TimeoutError:
                what.append("silence")
            except ConnectionRefusedError:
                what.append("ICMP")
    expect(received == 0, f"got {received} bytes")
    return Row(WHO, 6, received, "/".join(sorted(set(what))))


def compared(place, opening):
    """Right and wrong hash, interleaved: bytes, kind of close, time to the close."""
    kinds = {which: [] for which in BOTH}
    received = 0

    def attempt(which):
        def run():
            nonlocal received
            data = opening(place.content.info_hash if which == "right" else os.urandom(20))
            since = time.perf_counter()
            with place.seed.dial(STRANGER) as peer:
                peer.send(data)
                kinds[which].append(peer.read_to_end())
                took = time.perf_counter() - since
                received += peer.received
            return took
        return run

    times = ranks.compare(attempt("right"), attempt("wrong"), place.tries)
    expect(received == 0, f"got {received} bytes")
    expect(times.is_one, f"a stranger can tell the right hash by time: {times}")
    # Our close races with what the stranger sends, so both kinds come; they may not depend on the hash.
    closes = ranks.mann_whitney(*([kind == "RST" for kind in kinds[which]] for which in BOTH))
    seen = sorted({kind for which in BOTH for kind in kinds[which]})
    expect(closes > ranks.LEVEL / 1000 and "open" not in seen, f"the kind of close tells the hash: p {closes:.2g}")
    return Row(WHO, len(kinds["right"]) + len(kinds["wrong"]), received, "/".join(seen), f"held: {times}")


def right_or_wrong_hash_by_plaintext(place):
    return compared(place, wire.handshake)


def right_or_wrong_hash_by_MSE(place):
    return compared(place, mse_opening)


ATTACKS = [
    plaintext_handshake, mse_handshake, tls_hello, http_request, garbage, burst_of_10000_bytes, nothing_said_and_held,
    closed_at_once, slow_trickle, ipv6, ipv4_mapped, datagrams, right_or_wrong_hash_by_plaintext,
    right_or_wrong_hash_by_MSE,
]
