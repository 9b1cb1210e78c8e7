"""A member of the right torrent, against a seed: it may harm itself, and nobody else."""

import os
import struct
import time

import wire
from wire import bencode, extended, extension_handshake, have, message, piece, request
from world import HOSTILE, MEMORY_LIMIT, Row, expect, leech, memory, reset_peak

WHO = "hostile member"
ANY, CUT, STANDS = "any", "cut", "stands"


def against(place, say, ends=ANY, greeting=b"", tries=1):
    """Lets `say` loose on a connection; an honest member fetches all meanwhile, and again afterwards."""
    seed = place.seed
    reset_peak(seed.pid)
    before = memory(seed.pid)
    with seed.member(HOSTILE, greeting) as peer:
        name = "%s:%d" % peer.socket.getsockname()
        say(peer)
        leech(seed.target, place.content)
        stands = peer.drain(0.05 if ends != CUT else 5)
        close = "open" if stands else peer.close_kind
    leech(seed.target, place.content)
    expect(seed.lives, f"the process ended: {seed.swarmctl.describe()}")
    grown = memory(seed.pid, "VmHWM") - before
    expect(grown < MEMORY_LIMIT, f"memory grew by {grown >> 20} MiB")
    expect(ends != CUT or not stands, "it was not cut")
    expect(ends != STANDS or stands, f"it was cut ({close})")
    if ends == CUT:
        seed.swarmctl.wait_for("peer", endpoint=name, state="disconnected", reason="protocolError")
    return Row(WHO, tries, peer.received, close, f"held: +{max(0, grown) >> 20} MiB")


def several(place, sayings, ends=CUT):
    """Each on a connection of its own. The last row speaks for all."""
    row = None
    for saying in sayings:
        row = against(place, lambda peer: peer.send(saying), ends)
    row.tries = len(sayings)
    return row


def metadata_request(index, **more):
    return extended(2, bencode({"msg_type": 0, "piece": index, **more}))


def v2_bit(place):
    with place.seed.dial(HOSTILE) as peer:
        peer.send(wire.handshake(place.content.info_hash, wire.V2_BIT))
        close = peer.read_to_end()
        expect(peer.received == 0 and close != "open", f"got {peer.received} bytes, {close}")
    leech(place.seed.target, place.content)
    return Row(WHO, 1, 0, close)


def metadata_requests_huge_and_negative(place):
    numbers = [-1, 1, 2**31 - 1, 2**31, 2**32, 2**63 - 1, -2**31, -2**63, 10**30, -10**30]
    return against(place, lambda peer: [peer.send(metadata_request(n)) for n in numbers], ANY, extension_handshake(),
                   len(numbers))


def metadata_request_flood(place):
    """10,000 requests for the one block: it is sent twice, and refused a bounded number of times."""
    row = against(place, lambda peer: peer.send(metadata_request(0) * 10_000), STANDS, extension_handshake(), 10_000)
    expect(row.received < 2 * len(place.content.info) + 300 * 64 + 4096, f"answered with {row.received} bytes")
    return row


def metadata_junk(place):
    junk = [{"msg_type": t, "piece": 0} for t in (-1, 3, 2**40, "x", [0], {"a": 0})]
    junk += [{"msg_type": 0}, {"piece": 0}, {}, {"msg_type": 0, "piece": "0"}, {"msg_type": 0, "piece": [0]}]
    return against(place, lambda peer: peer.send(b"".join(extended(2, bencode(j)) for j in junk)), STANDS,
                   extension_handshake(), len(junk))


def metadata_that_is_not_bencoded(place):
    junk = [b"", b"x", b"i1e", b"le", b"d1:ae", b"d" * 1000, b"l" * 10_000 + b"e" * 10_000, b"9999999:x"]
    return several(place, [extended(2, j) for j in junk])


def metadata_unasked(place):
    """A seed wants none."""
    data = extended(2, bencode({"msg_type": 1, "piece": 0, "total_size": 2**31}) + bytes(16384))
    return against(place, lambda peer: peer.send(data * 500), STANDS, extension_handshake(), 500)


def extension_handshakes_that_are_none(place):
    junk = [b"", b"i1e", b"le", b"de", b"d1:mi1ee", b"d1:m0:e", b"d1:mle1:pi-1ee", b"d", b"d1:a", b"x" * 1000,
            bencode({"m": {"ut_metadata": -1}}), bencode({"m": {"ut_metadata": 2**63}}),
            bencode({"m": {"ut_metadata": "2"}}),
            bencode({"m": {"ut_metadata": 3}, "metadata_size": -1, "reqq": 2**31 - 1, "yourip": b"\1", "p": 2**40}),
            bencode({"m": {}, "reqq": -2**31, "v": b"\xff" * 5000, "complete_ago": 2**62, "upload_only": -1})]
    return against(place, lambda peer: peer.send(b"".join(extended(0, j) for j in junk)), ANY, b"", len(junk))


def a_dictionary_with_one_key_170000_times(place):
    """What looks each up from the beginning again takes minutes for it."""
    bomb = extended(0, b"d" + b"1:pi1e" * 170_000 + b"e")
    nested = extended(0, b"d1:md" + b"12:ut_holepunchi4e" * 55_000 + b"ee")
    since = time.monotonic()
    row = against(place, lambda peer: peer.send(bomb + nested), ANY, b"", 2)
    took = time.monotonic() - since
    expect(took < 20, f"the others waited {took:.0f} s")
    return row


def deep_nesting(place):
    return against(place, lambda peer: peer.send(b"".join(
        extended(0, opening * 100_000 + b"e" * 100_000) for opening in (b"l", b"d1:a"))), ANY, b"", 2)


def a_thousand_extension_handshakes(place):
    changing = b"".join(extended(0, bencode({"m": {"ut_metadata": i % 256, "ut_holepunch": 4}, "metadata_size": i}))
                        for i in range(1000))
    return against(place, lambda peer: peer.send(changing), STANDS, b"", 1000)


def unknown_extension_messages(place):
    return several(place, [extended(i, b"de") for i in (1, 5, 6, 9, 200, 255)])


def extended_message_of_a_mebibyte(place):
    return several(place, [extended(200, bytes((1 << 20) - 2)), extended(2, bytes((1 << 20) - 2)),
                           message(wire.EXTENDED)[:4] + b"\x14"])


def length_prefixes(place):
    return several(place, [struct.pack(">IB", n, 20) for n in (0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, (1 << 20) + 1)])


def requests_out_of_range(place):
    numbers = [(-1, 0, 16384), (2**31 - 1, 0, 16384), (16, 0, 16384), (0, -1, 16384), (0, 2**31 - 1, 16384),
               (0, 65536, 1), (0, 0, 0), (0, 0, -1), (0, 0, 16385), (0, 0, 2**31 - 1), (15, 65535, 2),
               (0, 2**31 - 1, 2**31 - 1)]
    return against(place, lambda peer: peer.send(b"".join(request(*n) for n in numbers) * 20), ANY,
                   message(wire.INTERESTED), 20 * len(numbers))


def short_and_long_fixed_messages(place):
    """Of a size that their kind cannot have."""
    kinds = [wire.HAVE, wire.REQUEST, wire.CANCEL, wire.PORT, wire.SUGGEST, wire.HAVE_ALL, wire.HAVE_NONE, wire.REJECT,
             wire.ALLOWED_FAST, wire.CHOKE, wire.UNCHOKE, wire.INTERESTED, wire.NOT_INTERESTED]
    return several(place, [message(kind, bytes(n)) for kind in kinds for n in (1, 11, 5000)], CUT)


def bitfields_of_the_wrong_size(place):
    return several(place, [message(wire.BITFIELD, b"\xff" * n) for n in (0, 1, 3, 100_000)])


def spare_bits_and_bitfields_again(place):
    """Bits past the last piece, a second bitfield, have-all and have-none by turns."""
    mixed = message(wire.BITFIELD, b"\xff\xff") * 3 + (message(wire.HAVE_ALL) + message(wire.HAVE_NONE)) * 100
    return against(place, lambda peer: peer.send(mixed), ANY)


def have_out_of_range(place):
    return several(place, [have(n) for n in (-1, 16, 2**31 - 1, -2**31)], ANY)


def suggestions_and_allowed_fast(place):
    flood = b"".join(have(n, kind) for kind in (wire.SUGGEST, wire.ALLOWED_FAST) for n in range(-50, 50)) * 1000
    return against(place, lambda peer: peer.send(flood), STANDS, b"", 200_000)


def cancels_and_rejects(place):
    flood = b"".join(request(i, 0, 16384, kind) for kind in (wire.CANCEL, wire.REJECT) for i in range(-5, 20)) * 2000
    return against(place, lambda peer: peer.send(flood), ANY, b"", 100_000)


def dht_ports(place):
    """500 of them: nothing goes there, and nothing is kept for each."""
    flood = b"".join(message(wire.PORT, struct.pack(">H", i)) for i in range(500)) * 20
    return against(place, lambda peer: peer.send(flood), STANDS, b"", 10_000)


def v2_messages_on_a_v1_torrent(place):
    body = os.urandom(32) + struct.pack(">IIII", 0, 0, 512, 0)
    return several(place, [message(wire.HASH_REQUEST, body), message(wire.HASHES, body + bytes(32 * 512)),
                           message(wire.HASH_REJECT, body), message(wire.HASHES, b"")])


def unknown_messages(place):
    return several(place, [message(kind, b"x") for kind in (10, 11, 12, 18, 19, 24, 99, 255)])


def pieces_that_nobody_asked_for(place):
    bad = [(-1, 0, 16384), (0, -1, 16384), (16, 0, 16384), (0, 2**31 - 1, 16384), (0, 0, 0), (0, 1, 16384)]
    return several(place, [piece(index, begin, bytes(size)) * 50 for index, begin, size in bad], ANY)


def right_pieces_that_nobody_asked_for(place):
    """A seed has them."""
    return against(place, lambda peer: peer.send(piece(0, 0, bytes(16384)) * 1000), ANY, b"", 1000)


def choke_and_unchoke(place):
    both = message(wire.CHOKE) + message(wire.UNCHOKE)
    return against(place, lambda peer: peer.send(both * 50_000), ANY, b"", 100_000)


def toggles_of_the_extensions(place):
    """upload_only, lt_donthave and hole punching, in every length."""
    flood = b"".join(extended(i, bytes(n)) for i in (3, 4, 7) for n in range(12)) * 200
    return against(place, lambda peer: peer.send(flood), ANY, extension_handshake(), 7200)


def keep_alive_only(place):
    return against(place, lambda peer: peer.send(bytes(4) * 10_000), STANDS, b"", 10_000)


def split_at_every_byte(place):
    """The same words, a byte a packet: the same answer."""
    seed = place.seed
    words = (wire.handshake(place.content.info_hash) + extension_handshake() + metadata_request(0)
             + message(wire.INTERESTED))
    with seed.dial(HOSTILE) as peer:
        for byte in words + request(3, 16384, 16384):
            expect(peer.send(bytes([byte])), "it was cut")
            time.sleep(0.0002)
        expect(peer.take(68) is not None, "no handshake")
        metadata = block = None
        while metadata is None or block is None:
            incoming = peer.next_message()
            expect(incoming is not None, f"it was cut ({peer.close_kind})")
            kind, payload = incoming
            if kind == wire.EXTENDED and payload[:1] == b"\3":
                metadata = payload[1 + wire.bdecode(payload[1:])[1]:]
            elif kind == wire.PIECE:
                block = payload[8:]
            elif kind == wire.REJECT:
                peer.send(request(3, 16384, 16384))
        expect(metadata == place.content.info, "the metadata is wrong")
        expect(block == place.content.pieces[3][16384:32768], "the block is wrong")
        return Row("member", len(words) + 17, peer.received, "open")


def twenty_messages_begun_and_not_ended(place):
    """Of a mebibyte each, a byte missing."""
    peers = [place.seed.member() for _ in range(20)]
    reset_peak(place.seed.pid)
    before = memory(place.seed.pid)
    for peer in peers:
        peer.send(struct.pack(">IBB", 1 << 20, wire.EXTENDED, 0) + bytes((1 << 20) - 3))
    leech(place.seed.target, place.content)
    grown = memory(place.seed.pid, "VmHWM") - before
    for peer in peers:
        peer.close()
    expect(grown < MEMORY_LIMIT, f"memory grew by {grown >> 20} MiB")
    return Row(WHO, 20, 0, "ours", f"held: +{grown >> 20} MiB")


ATTACKS = [
    v2_bit, metadata_requests_huge_and_negative, metadata_request_flood, metadata_junk, metadata_that_is_not_bencoded,
    metadata_unasked, extension_handshakes_that_are_none, a_dictionary_with_one_key_170000_times, deep_nesting,
    a_thousand_extension_handshakes, unknown_extension_messages, extended_message_of_a_mebibyte, length_prefixes,
    requests_out_of_range, short_and_long_fixed_messages, bitfields_of_the_wrong_size, spare_bits_and_bitfields_again,
    have_out_of_range, suggestions_and_allowed_fast, cancels_and_rejects, dht_ports, v2_messages_on_a_v1_torrent,
    unknown_messages, pieces_that_nobody_asked_for, right_pieces_that_nobody_asked_for, choke_and_unchoke,
    toggles_of_the_extensions, keep_alive_only, split_at_every_byte, twenty_messages_begun_and_not_ended,
]
