"""What we say of ourselves: the exact bits, keys and message names, and nothing that stays the same."""

import re
import socket

import wire
from wire import Peer
from world import FETCHER, HONEST, HOSTILE, Failed, Row, Swarmctl, expect

WHO = "member"
RESERVED = bytes([0, 0, 0, 0, 0, 0x10, 0, 0x05])  # BEP 10; DHT (set by the engine, whose DHT is off) and BEP 6
MESSAGES = {b"ut_metadata": 2, b"upload_only": 3, b"lt_donthave": 7}
SEEDS_KEYS = {b"m", b"reqq", b"metadata_size", b"upload_only"}
FETCHERS_KEYS = {b"m", b"reqq"}
CLIENT = re.compile(rb"-\w{6}-")  # as in "-LT2080-"; a random ID may begin with a dash


def said(peer):
    """The extension handshake."""
    while (incoming := peer.next_message()) is not None:
        kind, payload = incoming
        if kind == wire.EXTENDED and payload[:1] == b"\0":
            return wire.bdecode(payload[1:])[0]
    raise Failed("no extension handshake came")


def check(handshake, keys):
    expect(set(handshake) == keys, f"the extension handshake has {sorted(handshake)}")
    expect(handshake[b"m"] == MESSAGES, f"the messages are {handshake[b'm']}")


def a_seeds_handshakes(place):
    identifiers = []
    for _ in range(8):
        with place.seed.dial(HOSTILE) as peer:
            answer = peer.greet(place.content.info_hash, wire.extension_handshake())
            expect(answer is not None and answer[20:28] == RESERVED, f"reserved bits {answer and answer[20:28].hex()}")
            identifiers.append(answer[48:])
            check(said(peer), SEEDS_KEYS)
            received = peer.received
    nothing_stays(identifiers)
    return Row(WHO, 8, received, "open", "held: exact bits and keys, 8 peer IDs without a common byte")


def nothing_stays(identifiers):
    # A byte that is the same in all eight by chance: less than once in 10^13.
    same = [i for i in range(20) if len({identifier[i] for identifier in identifiers}) == 1]
    expect(not same, f"bytes {same} of the peer ID stay the same: {identifiers}")
    expect(not any(map(CLIENT.match, identifiers)), "the peer ID has a client prefix")


def fetching(place, target, *more):
    magnet = f"magnet:?xt=urn:btih:{place.content.info_hash.hex()}&x.pe={target}"
    into = place.scratch.folder("said")
    return Swarmctl("fetch", magnet, "--into", into, "--listen", f"{FETCHER}:0", "--timeout", "20", *more)


def a_fetchers_handshakes(place):
    """Dialled in plaintext, again and again: it comes back a second after we close."""
    identifiers = []
    with socket.create_server((HONEST, 0)) as listener:
        listener.settimeout(10)
        with fetching(place, f"{HONEST}:{listener.getsockname()[1]}", "--encryption", "off"):
            for _ in range(3):
                with Peer(None, None, connection=listener.accept()[0]) as peer:
                    opening = peer.take(68)
                    expect(opening is not None and opening[20:28] == RESERVED, "reserved bits")
                    identifiers.append(opening[48:])
                    peer.send(wire.handshake(place.content.info_hash))
                    check(said(peer), FETCHERS_KEYS)
                    received = peer.received
    expect(len(set(identifiers)) == 3 and not any(map(CLIENT.match, identifiers)), f"IDs {identifiers}")
    return Row(WHO, 3, received, "open", "held: exact bits and keys, another peer ID each time")


def an_impostor_who_is_dialled(place):
    """At a member's address: what does it learn without knowing the info-hash?"""
    with socket.create_server((HONEST, 0)) as listener:
        listener.settimeout(10)
        with fetching(place, f"{HONEST}:{listener.getsockname()[1]}"):
            with Peer(None, None, connection=listener.accept()[0]) as peer:
                peer.socket.settimeout(0.5)
                first = peer.read()
                peer.send(wire.MSE().key)
                said_after = b""
                while got := peer.read():
                    said_after += got
                everything = first + said_after
    expect(len(first) >= 96 and said_after, "it was not an MSE handshake")
    for word in (b"BitTorrent", place.content.info_hash, place.content.info_hash.hex().encode()):
        expect(word not in everything, f"an impostor read {word!r}")
    return Row("impostor", 1, len(everything), "-", "held: a Diffie-Hellman key and a hash of the info-hash")


ATTACKS = [a_seeds_handshakes, a_fetchers_handshakes, an_impostor_who_is_dialled]
