"""Hostile members against a fetch: it ends well all the same, from the honest member, and the liar is named."""

import itertools
import os
import socket
import struct
import threading
import time

import wire
from wire import Peer, bencode, extended, extension_handshake, have, message, piece
from world import (FETCHER, HOSTILE, MEMORY_LIMIT, Failed, HonestSeed, Listener, Row, Swarmctl, expect, memory,
                   metadata_block)

WHO = "hostile member"
LARGEST = 16 << 20  # metadata that is accepted
folders = itertools.count()


def fetch(place, say, during=None, named=None, tries=1, limit=MEMORY_LIMIT):
    """A fetch by invite from a hostile and an honest member; the honest one says nothing until the other is done.

    `say(peer, done)` runs on each connection to the hostile one, and calls done() when its worst is over; `during` runs
    beside, with the endpoint of the fetch's own listener.
    """
    done = threading.Event()
    hostile = Listener(HOSTILE, lambda peer: say(peer, done.set))
    honest = HonestSeed(place.content, opens=done)
    into = place.scratch.folder(f"fetch-{next(folders)}")
    magnet = (f"magnet:?xt=urn:btih:{place.content.info_hash.hex()}&x.pe={hostile.address}&x.pe={honest.address}")
    seen = []
    try:
        with Swarmctl("fetch", magnet, "--into", into, "--listen", f"{FETCHER}:0", "--encryption", "off",
                      "--timeout", "40") as fetching:
            heard = fetching.wait_for("listening")

            def watch():
                while fetching.process.poll() is None:
                    try:
                        seen.append(memory(fetching.process.pid, "VmHWM"))
                    except (Failed, OSError):
                        return  # it ended meanwhile
                    time.sleep(0.02)

            watcher = threading.Thread(target=watch)
            watcher.start()
            if during is not None:
                during((FETCHER, heard["port"]), hostile, done.set)
            expect(done.wait(20), "the attack was not carried out")
            code = fetching.finish(60)
            watcher.join()
            expect(code == 0, f"the fetch failed: {fetching.describe()}")
            if named is not None:
                expect(named(fetching), f"the liar is not named: {fetching.describe()}")
    finally:
        hostile.close()
        honest.close()
    with open(os.path.join(into, place.content.name), "rb") as f:
        expect(f.read() == place.content.bytes, "the fetched content differs")
    grown = max(seen) - seen[0] if seen else 0
    expect(grown < limit, f"memory grew by {grown >> 20} MiB")
    closes = "/".join(sorted({p.close_kind or "open" for p in hostile.peers}))
    return Row(WHO, tries, sum(p.received for p in hostile.peers), closes, f"held: +{max(0, grown) >> 20} MiB")


def disconnected_for_protocol(fetching):
    return any(e["event"] == "peer" and e["state"] == "disconnected" and e["reason"] == "protocolError"
               and e["endpoint"].startswith(HOSTILE + ":") for e in fetching.events)


def greet(peer, place, more=b"", reserved=wire.FAST_AND_EXTENDED):
    peer.send(wire.handshake(place.content.info_hash, reserved) + more)


def until_end(peer):
    while peer.next_message() is not None:
        pass


def answers_metadata_with(place, block, size=None):
    """To every request for metadata, block(index)."""
    def say(peer, done):
        greet(peer, place, extension_handshake(size or len(place.content.info)))
        while (incoming := peer.next_message()) is not None:
            if incoming[0] == wire.EXTENDED and incoming[1][:1] == b"\3":
                asked, _ = wire.bdecode(incoming[1][1:])
                peer.send(block(asked[b"piece"]))
                done()
        done()
    return say


def v2_bit_when_dialled(place):
    def say(peer, done):
        greet(peer, place, b"", wire.V2_BIT)
        peer.read_to_end()
        done()
    return fetch(place, say)


def v2_bit_from_the_port_that_it_listens_on(place):
    """The engine notes the bit with the address and port, and dials those again: by then the bit is gone."""
    def say(peer, done):
        greet(peer, place, extension_handshake(len(place.content.info)) + message(wire.HAVE_ALL))
        peer.drain(0.2)
        done()
        until_end(peer)

    def during(target, hostile, done):
        for _ in range(20):
            for first in list(hostile.peers):  # its own connection must go first: one for each endpoint
                first.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                first.close()
            hostile.peers.clear()
            try:
                with Peer(HOSTILE, target, port=hostile.port) as peer:
                    peer.send(wire.handshake(place.content.info_hash, wire.V2_BIT)[:48])
                    time.sleep(0.02)
            except OSError:
                time.sleep(0.02)  # the four numbers are taken by a dial of the other side's
    return fetch(place, say, during, tries=20)


def metadata_sizes_that_lie(place):
    sizes = iter([0, -1, 1, 2**31 - 1, 2**31, 2**63 - 1, -2**63, 10**30, LARGEST, LARGEST + 1, 16384, 16385])

    def say(peer, done):
        size = next(sizes, None)
        greet(peer, place, extension_handshake(size))
        peer.socket.settimeout(0.05)
        while peer.read():
            pass
        if size is None:
            done()
        peer.close()

    def during(target, hostile, done):
        # It dials in as well: more sizes in less time.
        for size in sizes:
            with Peer(HOSTILE, target) as peer:
                if peer.greet(place.content.info_hash, extension_handshake(size)) is not None:
                    peer.drain(0.05)
        done()
    return fetch(place, say, during, tries=12)


def metadata_size_that_changes(place):
    def say(peer, done):
        greet(peer, place, b"".join(extension_handshake(size) for size in (len(place.content.info), 1, 2**22, 0, 77)))
        peer.drain(0.2)
        peer.send(metadata_block(place.content.info, 0)[:-10])
        done()
        until_end(peer)
    return fetch(place, say)


def metadata_that_is_noise(place):
    noise = os.urandom(len(place.content.info))
    say = answers_metadata_with(place, lambda i: metadata_block(noise, i))
    return fetch(place, say, named=disconnected_for_protocol)


def metadata_blocks_of_wrong_sizes(place):
    info = place.content.info
    return fetch(place, answers_metadata_with(place, lambda i: extended(2, bencode(
        {"msg_type": 1, "piece": i, "total_size": 1}) + info[:-1])), named=disconnected_for_protocol)


def metadata_blocks_that_there_are_not(place):
    def say(peer, done):
        greet(peer, place, extension_handshake(len(place.content.info)))
        for index in (-1, 1, 2**31, 2**63 - 1, 10**30, -2**63):
            peer.send(extended(2, bencode({"msg_type": 1, "piece": index}) + bytes(16384)))
        peer.drain(0.2)
        done()
        until_end(peer)
    return fetch(place, say, tries=6)


def metadata_always_refused(place):
    return fetch(place, answers_metadata_with(place, lambda i: extended(2, bencode({"msg_type": 2, "piece": i}))))


def metadata_promised_and_never_sent(place):
    return fetch(place, answers_metadata_with(place, lambda i: b""))


def a_hundred_promises_of_16_mebibytes(place):
    """Each connection says that it has the largest metadata there may be; those asked send all but a block of it."""
    def say(peer, done):
        greet(peer, place)
        until_end(peer)

    def during(target, hostile, done):
        blocks = b"".join(extended(2, bencode({"msg_type": 1, "piece": i}) + bytes(16384)) for i in range(1023))
        for _ in range(100):
            peer = Peer(HOSTILE, target, timeout=1)
            hostile.peers.append(peer)
            peer.greet(place.content.info_hash, extension_handshake(LARGEST))
        asked = 0
        for peer in hostile.peers:
            if b"msg_type" in peer.buffer or (peer.drain(0.01) and peer.received > 2000):
                asked += 1
                peer.send(blocks)
        expect(asked, "none was asked")
        done()
    return fetch(place, say, during, tries=100, limit=2 * MEMORY_LIMIT)


def bitfield_of_a_mebibyte_before_metadata(place):
    def say(peer, done):
        bitfield = message(wire.BITFIELD, b"\xff" * ((1 << 20) - 2))
        greet(peer, place, bitfield + extension_handshake(len(place.content.info)))
        peer.drain(0.2)
        done()
        until_end(peer)
    return fetch(place, say)


def haves_before_metadata(place):
    def say(peer, done):
        greet(peer, place, b"".join(have(n) for n in (-1, 0, 131_071, 131_072, 2**31 - 1, -2**31)) * 1000)
        peer.drain(0.2)
        done()
        until_end(peer)
    return fetch(place, say, tries=6000)


def allowed_fast_without_end(place):
    """The engine keeps each, the same again and again too."""
    flood = have(3, wire.ALLOWED_FAST) * 100_000

    def say(peer, done):
        greet(peer, place)
        for _ in range(150):
            peer.send(flood)
        done()
        until_end(peer)
    return fetch(place, say, tries=15_000_000)


def everything_before_metadata(place):
    """Messages that mean nothing yet."""
    def say(peer, done):
        greet(peer, place, piece(0, 0, bytes(16384)) + wire.request(0, 0, 16384) * 100 + message(wire.UNCHOKE)
              + message(wire.INTERESTED) + have(5, wire.SUGGEST) + extended(7, struct.pack(">I", 2**31)))
        peer.drain(0.2)
        done()
        until_end(peer)
    return fetch(place, say)


def serves(place, block, done, peer, late=0):
    """Metadata as it is, and block(index, begin, right bytes) for each piece that is asked for."""
    greet(peer, place, extension_handshake(len(place.content.info)) + message(wire.HAVE_ALL) + message(wire.UNCHOKE))
    served = 0
    while (incoming := peer.next_message()) is not None:
        kind, payload = incoming
        if kind == wire.EXTENDED and payload[:1] == b"\3":
            peer.send(metadata_block(place.content.info, 0))
        elif kind == wire.REQUEST:
            index, begin, length = struct.unpack(">III", payload)
            peer.send(block(index, begin, place.content.pieces[index][begin:begin + length]))
            served += 1
            if served > late:
                done()
    done()


def corrupt_pieces(place):
    """Banned and named; the content comes from the other."""
    def say(peer, done):
        serves(place, lambda i, b, right: piece(i, b, bytes(len(right))), done, peer, late=3)

    def banned(fetching):
        return fetching.find("peer", state="banned", endpoint=hostile_endpoint(fetching))
    return fetch(place, say, named=banned)


def hostile_endpoint(fetching):
    return next((e["endpoint"] for e in fetching.events
                 if e["event"] == "peer" and e["endpoint"].startswith(HOSTILE + ":")), None)


def pieces_other_than_asked_for(place):
    def say(peer, done):
        serves(place, lambda i, b, right: piece((i + 1) % 16, b, right) + piece(-1, b, right), done, peer)
    return fetch(place, say)


def pieces_a_byte_short(place):
    def say(peer, done):
        serves(place, lambda i, b, right: piece(i, b, right[:-1]), done, peer)
    return fetch(place, say)


def slow_loris(place):
    """Unchokes, and sends a piece at some bytes a second: the other does not wait for it."""
    def say(peer, done):
        def drip(i, b, right):
            peer.send(piece(i, b, right)[:20])
            done()
            for byte in right[:40]:
                time.sleep(0.5)
                if not peer.send(bytes([byte])):
                    break
            return b""
        serves(place, drip, done, peer)
    return fetch(place, say)


def never_unchokes(place):
    def say(peer, done):
        greet(peer, place, extension_handshake(len(place.content.info)) + message(wire.HAVE_ALL))
        done()
        until_end(peer)
    return fetch(place, say)


ATTACKS = [
    v2_bit_when_dialled, v2_bit_from_the_port_that_it_listens_on, metadata_sizes_that_lie, metadata_size_that_changes,
    metadata_that_is_noise, metadata_blocks_of_wrong_sizes, metadata_blocks_that_there_are_not, metadata_always_refused,
    metadata_promised_and_never_sent, a_hundred_promises_of_16_mebibytes, bitfield_of_a_mebibyte_before_metadata,
    haves_before_metadata, allowed_fast_without_end, everything_before_metadata, corrupt_pieces,
    pieces_other_than_asked_for, pieces_a_byte_short, slow_loris, never_unchokes,
]
