"""What the attacks share: real processes to attack, a member that behaves, and what is noted of each attack."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Interop"))
from support import Failed, Scratch, Swarmctl, raise_loopback  # noqa: E402, F401

import wire  # noqa: E402

OURS, HOSTILE, STRANGER, HONEST, FETCHER = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
SIZE, PIECE = 1 << 20, 1 << 16
MEMORY_LIMIT = 48 << 20  # what an attack may add to a process, in bytes


@dataclass
class Row:
    who: str
    tries: int = 1
    received: int = 0
    close: str = "-"
    verdict: str = "held"

    def __str__(self):
        return f"{self.who} | {self.tries} | {self.received} | {self.close} | {self.verdict}"


def expect(condition, what):
    if not condition:
        raise Failed(what)


def memory(pid, field="VmRSS"):
    """Of the process, in bytes; VmHWM is the most there ever was."""
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise Failed(f"process {pid} is gone")


def reset_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as f:
        f.write("5")


class Content:
    """A torrent that we know all of: noise in one file."""

    def __init__(self, folder, name="content.bin", size=SIZE, piece=PIECE):
        self.name, self.piece = name, piece
        self.bytes = b"".join(hashlib.sha256(b"%s %d" % (name.encode(), i)).digest() for i in range(size // 32))
        self.folder = folder
        self.path = os.path.join(folder, name)
        with open(self.path, "wb") as f:
            f.write(self.bytes)
        self.pieces = [self.bytes[i:i + piece] for i in range(0, size, piece)]
        self.info = wire.bencode({
            "length": size, "name": name, "piece length": piece, "private": 1,
            "pieces": b"".join(hashlib.sha1(p).digest() for p in self.pieces)})
        self.info_hash = hashlib.sha1(self.info).digest()

    def torrent(self):
        path = self.path + ".torrent"
        with open(path, "wb") as f:
            f.write(b"d4:info" + self.info + b"e")
        return path


class Seed:
    """`swarmctl seed` on 127.0.0.1, for the hostile member and an honest one."""

    def __init__(self, content, listen=f"{OURS}:0", allow=(HOSTILE, HONEST), more=()):
        self.content = content
        rules = [argument for rule in allow for argument in ("--allow", rule)]
        self.swarmctl = Swarmctl("seed", content.torrent(), "--data", content.folder, "--listen", listen, *rules,
                                 *more)

    def __enter__(self):
        self.swarmctl.__enter__()
        try:
            heard = self.swarmctl.wait_for("listening")
        except Failed:
            self.swarmctl.__exit__()
            raise
        self.target = (heard["address"].strip("[]"), heard["port"])
        self.pid = self.swarmctl.process.pid
        return self

    def __exit__(self, *arguments):
        self.swarmctl.__exit__(*arguments)

    @property
    def lives(self):
        return self.swarmctl.process.poll() is None

    def dial(self, source, **more):
        return wire.Peer(source, self.target, **more)

    def member(self, source=HOSTILE, more=b"", reserved=wire.FAST_AND_EXTENDED):
        """A connection past the handshake."""
        peer = self.dial(source)
        if peer.greet(self.content.info_hash, more, reserved) is None:
            raise Failed(f"{source} got no handshake ({peer.close_kind})")
        return peer


def leech(target, content, source=HONEST):
    """What an honest member does: fetches all, and checks each piece."""
    with wire.Peer(source, target, timeout=20) as peer:
        expect(peer.greet(content.info_hash, wire.message(wire.HAVE_NONE) + wire.message(wire.INTERESTED)) is not None,
               "an honest member got no handshake")
        got = [bytearray(len(p)) for p in content.pieces]
        wanted = [(i, begin) for i, p in enumerate(content.pieces) for begin in range(0, len(p), wire.BLOCK)]
        missing = set(wanted)
        asked = False
        while missing:
            incoming = peer.next_message()
            expect(incoming is not None, f"an honest member was cut ({peer.close_kind}); {len(missing)} blocks missing")
            kind, payload = incoming
            if kind == wire.UNCHOKE and not asked:
                asked = True
                peer.send(b"".join(wire.request(i, begin, wire.BLOCK) for i, begin in wanted))
            elif kind == wire.PIECE:
                index, begin = int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big")
                got[index][begin:begin + wire.BLOCK] = payload[8:]
                missing.discard((index, begin))
        expect([bytes(g) for g in got] == content.pieces, "an honest member got wrong bytes")


class Listener:
    """At a member's address: takes the handshake of each connection, and hands it to `serve`."""

    def __init__(self, address, serve):
        self.serve = serve
        self.peers = []
        self.listener = socket.create_server((address, 0), reuse_port=True)
        self.port = self.listener.getsockname()[1]
        self.address = f"{address}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()
        for peer in self.peers:
            peer.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            peer = wire.Peer(None, None, connection=connection, timeout=20)
            self.peers.append(peer)
            threading.Thread(target=self._run, args=(peer,), daemon=True).start()

    def _run(self, peer):
        try:
            if peer.take(68) is not None:
                self.serve(peer)
        except OSError:
            pass  # cut


class HonestSeed(Listener):
    """A seed made of a bare socket, plaintext, that says nothing until `opens` is set."""

    def __init__(self, content, address=HONEST, opens=None):
        self.content, self.opens = content, opens
        super().__init__(address, self._serve)

    def _serve(self, peer):
        if self.opens is not None:
            self.opens.wait(30)
        peer.send(wire.handshake(self.content.info_hash) + wire.extension_handshake(len(self.content.info))
                  + wire.message(wire.HAVE_ALL) + wire.message(wire.UNCHOKE))
        while (incoming := peer.next_message()) is not None:
            kind, payload = incoming
            if kind == wire.REQUEST:
                index, begin, length = (int.from_bytes(payload[i:i + 4], "big") for i in (0, 4, 8))
                peer.send(wire.piece(index, begin, self.content.pieces[index][begin:begin + length]))
            elif kind == wire.EXTENDED and payload[:1] == b"\x03":
                asked, _ = wire.bdecode(payload[1:])
                peer.send(metadata_block(self.content.info, asked[b"piece"]))


def metadata_block(info, index, identifier=2, **lies):
    header = {"msg_type": 1, "piece": index, "total_size": len(info), **lies}
    return wire.extended(identifier, wire.bencode(header) + info[index * wire.BLOCK:(index + 1) * wire.BLOCK])


class Torrents:
    """One engine (Tests/AttackTarget) with a torrent A for the hostile member and a torrent B for the honest one."""

    def __init__(self, program, folder, a=HOSTILE, b=HONEST):
        self.a, self.b = Content(folder, "a.bin"), Content(folder, "b.bin")
        self.process = subprocess.Popen([program, f"{OURS}:0", folder, f"a.bin={a}", f"b.bin={b}"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.events = []
        while not self.events or self.events[-1]["event"] != "ready":
            self._read()
        found = {e["event"]: e for e in self.events}
        self.target = (OURS, found["listening"]["port"])
        hashes = {e["name"]: bytes.fromhex(e["infoHash"]) for e in self.events if e["event"] == "torrent"}
        # Its own creator chose the piece length.
        self.a.info_hash, self.b.info_hash = hashes["a.bin"], hashes["b.bin"]

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(10)
            raise Failed(f"AttackTarget ended with {self.process.returncode}")
        self.events.append(json.loads(line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def refusals(self):
        self.process.stdin.write(b"refusals\n")
        self.process.stdin.flush()
        self._read()
        return self.events[-1]


class World:
    """Starts what an attack needs, once, and ends it with the group."""

    def __init__(self, swarmctl, short):
        Swarmctl.program = swarmctl
        self.attack_target = os.path.join(os.path.dirname(swarmctl), "AttackTarget")
        self.short = short
        self.scratch = Scratch()
        self.content = Content(self.scratch.folder("content"))
        self.open = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reset()
        self.scratch.__exit__()

    def reset(self):
        """Ends what runs: the next attack gets fresh ones."""
        while self.open:
            _, running = self.open.popitem()
            try:
                running.__exit__(None, None, None)
            except Failed as e:
                print(f"while ending: {e}", file=sys.stderr)

    def _keep(self, name, make):
        if name not in self.open:
            self.open[name] = make().__enter__()
        return self.open[name]

    @property
    def seed(self):
        return self._keep("seed", lambda: Seed(self.content))

    @property
    def seed_v6(self):
        return self._keep("seed v6", lambda: Seed(self.content, listen="[::1]:0", allow=("fd00::1",)))

    @property
    def torrents(self):
        return self._keep("torrents", lambda: Torrents(self.attack_target, self.scratch.folder("torrents")))

    @property
    def tries(self):
        """Of each of two kinds, where time is compared."""
        return 200 if self.short else 1000
