"""A member of torrent A, which would like to know of torrent B: both run in one engine, behind one listener."""

import os
import socket
import struct
import subprocess
import sys
import time

import ranks
import wire
from wire import Peer
from world import HONEST, HOSTILE, Failed, Row, expect

WHO = "member of A"
DELAY = 200e-6
PAUSE = 0.002  # after which what the engine runs next is in no cache


def dial(place):
    return Peer(HOSTILE, place.torrents.target)


def closed(peer, received_at_most=0):
    """It must have been closed on, with no byte."""
    how = peer.read_to_end()
    expect(peer.received <= received_at_most, f"got {peer.received} bytes of B")
    expect(how != "open", "the connection was not closed")
    return Row(WHO, 1, peer.received, how)


def mse_probe(peer, info_hash):
    """Seconds from the proof that we know `info_hash` to the end."""
    mse = wire.MSE()
    peer.send(mse.key)
    other_key = peer.take(96)
    expect(other_key is not None, "a member got no key")
    proof = mse.prove(other_key, info_hash, wire.handshake(info_hash))
    # Its padding, of random length, may still be under way: what comes now would be an answer to the proof.
    peer.socket.settimeout(PAUSE)
    while peer.read():
        pass
    peer.socket.settimeout(5)
    peer.buffer, peer.received = b"", 0
    since = time.perf_counter()
    peer.send(proof)
    peer.read_to_end()
    return time.perf_counter() - since


def plaintext_probe(peer, info_hash):
    since = time.perf_counter()
    peer.send(wire.handshake(info_hash))
    peer.read_to_end()
    return time.perf_counter() - since


def plaintext_probe_after_a_pause(peer, info_hash):
    time.sleep(PAUSE)
    return plaintext_probe(peer, info_hash)


def control_members_get_in(place):
    """Without this the rest would show nothing."""
    for source, content in ((HOSTILE, place.torrents.a), (HONEST, place.torrents.b)):
        with Peer(source, place.torrents.target) as peer:
            expect(peer.greet(content.info_hash) is not None, f"{source} got no handshake of its own torrent")
    return Row("members", 2, 2 * 68)


def handshake_of_B(place):
    with dial(place) as peer:
        peer.send(wire.handshake(place.torrents.b.info_hash))
        return closed(peer)


def handshake_of_B_from_every_port(place):
    """From its own address at the port of a member of B, and at privileged and high ones."""
    received, closes = 0, set()
    for port in (80, 6881, 51413, place.torrents.target[1], 65535):
        with Peer(HOSTILE, place.torrents.target, port=port) as peer:
            peer.send(wire.handshake(place.torrents.b.info_hash))
            row = closed(peer)
            received += row.received
            closes.add(row.close)
    return Row(WHO, 5, received, "/".join(sorted(closes)))


def MSE_with_the_SKEY_of_B(place):
    """The key exchange is the listener's, and comes before any torrent is named: the same for every hash."""
    with dial(place) as peer:
        mse_probe(peer, place.torrents.b.info_hash)
        expect(peer.received == 0, f"got {peer.received} bytes after the proof")
        expect(peer.close_kind is not None, "the connection was not closed")
        return Row(WHO, 1, 0, peer.close_kind, "held (the key exchange is not counted)")


def MSE_of_A_then_the_handshake_of_B(place):
    with dial(place) as peer:
        mse = wire.MSE()
        peer.send(mse.key)
        peer.send(mse.prove(peer.take(96), place.torrents.a.info_hash, wire.handshake(place.torrents.b.info_hash)))
        peer.read_to_end()
        expect(place.torrents.b.info_hash not in peer.buffer, "got the handshake of B")
        expect(peer.close_kind is not None, "the connection was not closed")
        return Row(WHO, 1, 0, peer.close_kind, "held (answers of A's stream are not counted)")


def second_handshake_switches_to_B(place):
    """On a connection of A."""
    with dial(place) as peer:
        expect(peer.greet(place.torrents.a.info_hash) is not None, "no handshake of A")
        peer.send(wire.handshake(place.torrents.b.info_hash))
        answers = peer.buffer
        while got := peer.read():
            answers += got
        expect(place.torrents.b.info_hash not in answers, "got the handshake of B")
        expect(peer.close_kind is not None, "the connection was not closed")
        return Row(WHO, 1, 0, peer.close_kind)


def all_answers(peer):
    """Messages until a metadata request, which is answered last, has its answer."""
    peer.send(wire.extended(2, wire.bencode({"msg_type": 0, "piece": 0})))
    answers = []
    while (incoming := peer.next_message()) is not None:
        answers.append(incoming)
        if incoming[0] == wire.EXTENDED and incoming[1][:1] == b"\x03":
            return answers
    raise Failed(f"a connection of A was closed ({peer.close_kind})")


def metadata_of_B_on_a_connection_of_A(place):
    """Asks for every piece of metadata with B's hash in each field that somebody might look at."""
    b = place.torrents.b.info_hash
    with dial(place) as peer:
        expect(peer.greet(place.torrents.a.info_hash, wire.extension_handshake(info_hash=b, ih=b)) is not None, "no A")
        for fields in ({"info_hash": b}, {"ih": b}, {"xt": b"urn:btih:" + b.hex().encode()}):
            peer.send(wire.extended(2, wire.bencode({"msg_type": 0, "piece": 0, **fields})))
        for kind, payload in all_answers(peer) + all_answers(peer):
            expect(b"5:b.bin" not in payload and b not in payload, "got something of B")
        return Row(WHO, 5, 0, "open", "held (A's own metadata is not counted)")


def extension_messages_that_name_B(place):
    b = place.torrents.b.info_hash
    received = 0
    for identifier in range(256):
        if identifier in (0, 2):
            continue
        with dial(place) as peer:
            expect(peer.greet(place.torrents.a.info_hash, wire.extension_handshake()) is not None, "no handshake of A")
            peer.send(wire.extended(identifier, wire.bencode({"info_hash": b, "added": b"\x7f\0\0\x04\x1a\xe1"})))
            if identifier in (3, 4, 7):  # known to the engine: the connection stands
                answers = all_answers(peer)
            else:
                answers = []
                while (incoming := peer.next_message()) is not None:
                    answers.append(incoming)
            expect(all(b not in payload and b"b.bin" not in payload for _, payload in answers), "got something of B")
    return Row(WHO, 254, received, "FIN")


def rendezvous_with_a_member_of_B(place):
    """ut_holepunch: is it connected? Both answers, and none, must look alike: none."""
    with Peer(HONEST, place.torrents.target) as other, dial(place) as peer:
        expect(other.greet(place.torrents.b.info_hash) is not None, "no handshake of B")
        greeting = wire.extended(0, wire.bencode({"m": {"ut_metadata": 3, "ut_holepunch": 4}}))
        expect(peer.greet(place.torrents.a.info_hash, greeting) is not None, "no handshake of A")
        for port in (other.socket.getsockname()[1], 1):
            for kind in (0, 1):
                peer.send(wire.extended(4, bytes([kind, 0]) + socket.inet_aton(HONEST) + struct.pack(">H", port)))
        answers = all_answers(peer)
        expect(not [p for k, p in answers if k == wire.EXTENDED and p[:1] == b"\x04"], "a rendezvous was answered")
        other.socket.settimeout(0.2)
        while got := other.read():
            expect(socket.inet_aton(HOSTILE) not in got, "the member of B heard of it")
        return Row(WHO, 4, 0, "open")


def share_mode(place):
    """Handshake key, message 8, and what a peer in share mode would be told."""
    with dial(place) as peer:
        greeting = wire.extended(0, wire.bencode({"m": {"ut_metadata": 3, "share_mode": 8}, "share_mode": 1}))
        expect(peer.greet(place.torrents.a.info_hash, greeting) is not None, "no handshake of A")
        said = [wire.bdecode(p[1:])[0] for k, p in all_answers(peer) if k == wire.EXTENDED and p[:1] == b"\0"]
        expect(said and b"share_mode" not in said[0] and b"share_mode" not in said[0][b"m"], "share mode is offered")
    with dial(place) as peer:
        expect(peer.greet(place.torrents.a.info_hash, wire.extension_handshake()) is not None, "no handshake of A")
        peer.send(wire.extended(8, b"\1"))
        peer.read_to_end()
        return Row(WHO, 2, 0, peer.close_kind or "open")


def gossip_of_the_endpoints_of_B(place):
    """PEX under each ID, hole punching, DHT ports: nobody is dialled for it."""
    with socket.create_server((HONEST, 0)) as trap:
        endpoint = socket.inet_aton(HONEST) + struct.pack(">H", trap.getsockname()[1])
        # Each ID on a connection of its own: an unknown one ends it.
        for identifier in (1, 3, 4, 5, 6, 7, 9):
            with dial(place) as peer:
                names = {"m": {"ut_pex": identifier, "ut_holepunch": 4, "ut_metadata": 3}, "p": trap.getsockname()[1]}
                greeting = wire.extended(0, wire.bencode(names))
                expect(peer.greet(place.torrents.a.info_hash, greeting) is not None, "no handshake of A")
                peer.send(wire.extended(4, b"\1\0" + endpoint))
                peer.send(wire.message(wire.PORT, endpoint[4:]))
                peer.send(wire.extended(identifier, wire.bencode({"added": endpoint, "added.f": b"\x10"})))
                peer.drain(0.1)
        # The engine dials at a tick a second.
        trap.settimeout(2.5)
        try:
            _, source = trap.accept()
        except TimeoutError:
            return Row(WHO, 21, 0, "-", "held: 0 dials")
        expect(False, f"{source} dialled a member of B for A")


def relay(target, info_hash, delay):
    """In a process of its own: passes 68 bytes on, and then the end, with `info_hash` so much later. Where the target is
    port 0, it closes by itself."""
    with socket.create_server(("127.0.0.6", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            with Peer(None, None, connection=connection) as near:
                opening = near.take(68)
                if opening is None:
                    continue
                if target[1] != 0:
                    with Peer(HOSTILE, target) as far:
                        far.send(opening)
                        far.read_to_end()
                due = time.perf_counter() + (delay if opening[28:48] == info_hash else 0)
                while time.perf_counter() < due:
                    pass


def compared(place, probe, target):
    kinds, received = {True: [], False: []}, 0

    def attempt(right):
        def run():
            nonlocal received
            with Peer(HOSTILE, target) as peer:
                took = probe(peer, place.torrents.b.info_hash if right else os.urandom(20))
                kinds[right].append(peer.close_kind)
                received += peer.received
            return took
        return run

    times = ranks.compare(attempt(True), attempt(False), place.tries)
    expect(received == 0, f"got {received} bytes")
    expect(set(kinds[True]) == set(kinds[False]) and None not in kinds[True], f"the kind of close tells: {kinds}")
    closes = "/".join(sorted(set(kinds[True])))
    return times, Row(WHO, sum(map(len, kinds.values())), received, closes, f"held: {times}")


def B_or_nothing(place, probe):
    times, row = compared(place, probe, place.torrents.target)
    expect(times.is_one, f"a member of A can tell that B is here, by time: {times}")
    return row


def B_or_nothing_by_plaintext(place):
    return B_or_nothing(place, plaintext_probe)


def B_or_nothing_by_plaintext_after_a_pause(place):
    return B_or_nothing(place, plaintext_probe_after_a_pause)


def B_or_nothing_by_MSE_after_a_pause(place):
    return B_or_nothing(place, mse_probe)


def relayed(place, delay, host, port):
    """The same test, through a relay that passes the end on late where the hash was right."""
    command = [sys.executable, "-B", __file__, host, str(port), place.torrents.b.info_hash.hex(), str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            return compared(place, plaintext_probe, ("127.0.0.6", int(process.stdout.readline())))
        finally:
            process.kill()


def control_200_microseconds_are_found(place):
    """Of a listener that closes at once, on a quiet machine; on a busier one, what is found there is said."""
    return found(place, DELAY, "127.0.0.1", 0)


def control_a_late_close_of_the_engine_is_found(place):
    return found(place, 16 * DELAY, *place.torrents.target)


def found(place, least, host, port):
    for delay in (least, 4 * least, 16 * least, 64 * least):
        times, row = relayed(place, delay, host, port)
        row.verdict = f"found {delay * 1e6:.0f} µs, as it must: {times}"
        if not times.is_one:
            return row
    expect(False, f"not even a difference of {delay * 1e3:.0f} ms was found: {times}")


def refusals_are_counted(place):
    """Each probe of B is noted, with whom and why."""
    handshake_of_B(place)
    told = place.torrents.refusals()
    mine = [r for r in told["latest"] if r["address"] == HOSTILE and r["torrent"] == "b.bin"]
    expect(mine, f"not noted: {told}")
    expect((mine[0]["reason"], mine[0]["direction"]) == ("notOfThisTorrent", "incoming"), f"noted as {mine[0]}")
    expect(told["totals"]["notOfThisTorrent"] >= mine[0]["tries"] > 0, f"not counted: {told}")
    return Row("operator", 1, 0, "-", f"held: {mine[0]['tries']} tries noted")


ATTACKS = [
    control_members_get_in, handshake_of_B, handshake_of_B_from_every_port, MSE_with_the_SKEY_of_B,
    MSE_of_A_then_the_handshake_of_B, second_handshake_switches_to_B, metadata_of_B_on_a_connection_of_A,
    extension_messages_that_name_B, rendezvous_with_a_member_of_B, share_mode, gossip_of_the_endpoints_of_B,
    B_or_nothing_by_plaintext, B_or_nothing_by_plaintext_after_a_pause, B_or_nothing_by_MSE_after_a_pause,
    control_200_microseconds_are_found, control_a_late_close_of_the_engine_is_found, refusals_are_counted,
]

if __name__ == "__main__":
    relay((sys.argv[1], int(sys.argv[2])), bytes.fromhex(sys.argv[3]), float(sys.argv[4]))
