"""An operator's session with two nodes: see Tests/Session/run."""

import argparse
import contextlib
import filecmp
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

from nodes import Node, Wrong, eventually, on_terminal

MIB = 1 << 20
A, B, STRANGER = "127.0.1.1", "127.0.1.2", "127.0.9.9"


def expect(what, holds, seen=""):
    if not holds:
        raise Wrong(f"{what}: {seen}")


def write(path, size):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(os.urandom(size))


def as_nobody(act):
    """The error that somebody without rights gets, by name."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        name = "none"
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            act()
        except OSError as error:
            name = type(error).__name__
        os.write(writing, name.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with open(reading, encoding="utf-8") as said:
        return said.read()


def knock(address, port, info_hash):
    """A stranger's handshake (BEP 3), and how many bytes it gets."""
    with socket.create_connection((address, port), timeout=20, source_address=(STRANGER, 0)) as stranger:
        got = 0
        with contextlib.suppress(OSError):
            stranger.sendall(b"\x13BitTorrent protocol" + bytes(8) + bytes.fromhex(info_hash) + b"-XX0000-" + bytes(12))
            while some := stranger.recv(4096):
                got += len(some)
        return got


class Session:
    def __init__(self, programs, is_isolated):
        self.programs, self.is_isolated = programs, is_isolated
        # Short: a socket's path has at most 107 bytes.
        self.folder = tempfile.mkdtemp(prefix="pts-", dir="/tmp")
        os.chmod(self.folder, 0o755)  # only what the node itself closes is closed to others
        self.a = Node(programs, f"{self.folder}/a", A)
        self.b = Node(programs, f"{self.folder}/b", B)
        self.album = f"{self.folder}/content/album – β"
        self.began = time.monotonic()

    def all(self):
        try:
            for step in (self.starting, self.unprivileged, self.sharing, self.fetching, self.looking, self.changing, self.stranger,
                         self.watching, self.withdrawn, self.killed, self.moving, self.spoilt,
                         self.full_disk, self.filling_disk,
                         self.interface_down, self.lonely, self.doctoring, self.stopping):
                step()
                print(f"{time.monotonic() - self.began:6.1f} s  {step.__name__}", flush=True)
        except Exception:
            for node in (self.a, self.b):
                with open(node.log.name, encoding="utf-8") as log:
                    print(f"--- {node.folder}:", *log.readlines()[-15:], sep="\n", file=sys.stderr)
            raise
        finally:
            self.a.end(signal.SIGKILL)
            self.b.end(signal.SIGKILL)
            if self.is_isolated:
                subprocess.run(["umount", "-q", f"{self.folder}/small"], check=False)
            shutil.rmtree(self.folder, ignore_errors=True)

    def starting(self):
        gone = self.a.ask("status")
        expect("no node is an error of its own", gone.status == 69 and gone.event("error")["code"] == "noNode", gone.text)
        self.a.start()
        self.b.start()
        status = self.a.ask("status").event("status")
        expect("it listens where it was told to", status["listen"] == [self.a.endpoint], status)
        expect("a new node was not unclean", not status["wasUnclean"], status)
        expect("an empty list is no error", self.a.run("list").status == 0)

    def unprivileged(self):
        """Another user of the machine gets nothing: no answer, and nothing to read."""
        if os.geteuid() != 0:
            return
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as other:
            error = as_nobody(lambda: other.connect(self.a.socket))
        expect("the socket", error == "PermissionError", error)
        for place in ("run", "state"):
            error = as_nobody(lambda: os.listdir(f"{self.a.folder}/{place}"))
            expect(place, error == "PermissionError", error)

    def sharing(self):
        for name, size in (("one.bin", 6 * MIB), ("two.bin", 2 * MIB), ("three/notes.txt", 30_000)):
            write(f"{self.album}/{name}", size)
        shared = self.a.ask("share", "--detach", self.album, "--allow", B)
        expect("share --detach", shared.status == 0, shared.notes)
        self.invite = shared.event("invite")["magnet"]
        self.hash = shared.event("invite")["infoHash"]
        expect("the invite names the node", self.a.endpoint in self.invite, self.invite)
        expect("it seeds", self.a.torrent(self.hash)["state"] == "seeding")
        again = self.a.ask("share", "--detach", self.album, "--allow", B)
        expect("twice is an error", again.event("error")["code"] == "duplicateTorrent", again.text)

    def fetching(self):
        fetched = self.b.ask("fetch", "--detach", self.invite, "--into", f"{self.folder}/b in", "--limit-down", "3M")
        expect("fetch --detach", fetched.status == 0, fetched.notes)
        self.b.wait_for(self.hash, "downloading")
        moving = self.b.wait_for_cause(self.hash, "rateLimit")
        expect("the limit is named", moving["evidence"]["limit"]["bytesPerSecond"] == 3_000_000, moving)
        narrowed = self.b.ask("select", self.hash, "--select", "*.txt").event("torrent")
        expect("less is wanted", narrowed["wantedBytes"] < narrowed["sizeBytes"], narrowed)
        self.b.ask("select", self.hash)
        self.b.ask("limit", self.hash)
        self.b.wait_for(self.hash, "seeding")
        self.compare(f"{self.folder}/b in")

    def compare(self, folder):
        compared = filecmp.dircmp(self.album, f"{folder}/{os.path.basename(self.album)}")
        expect("the same files", not compared.left_only and not compared.right_only and not compared.diff_files)
        for name in ("one.bin", "two.bin", "three/notes.txt"):
            expect(name, filecmp.cmp(f"{self.album}/{name}", f"{folder}/album – β/{name}", shallow=False))

    def looking(self):
        pieces = self.b.ask("pieces", self.hash).event("pieces")["map"]
        expect("every piece", pieces["verifiedPieces"] == pieces["pieceCount"] > 0, pieces)
        expect("a full map", "░" not in self.b.run("pieces", self.hash).text)
        cause = self.b.cause(self.hash)
        expect("nothing is wrong", (cause["cause"], cause["evidence"]["kind"]) == ("nothingWrong", "seeding"), cause)
        members = self.a.ask("members", "list", self.hash).event("members")["members"]
        expect("the member", [m["rule"] for m in members] == [B], members)
        verified = self.b.ask("verify", self.hash)
        expect("verify", verified.status == 0 and verified.event("verified")["ok"], verified.text)
        by_name = self.b.run("explain", "album – β")
        expect("a name is understood", by_name.status == 0 and "album – β" in by_name.text, by_name.notes)
        nobody = self.b.ask("explain", "ffffffff")
        expect("no such torrent", nobody.status == 66 and nobody.event("error")["code"] == "torrentNotFound", nobody.text)

    def changing(self):
        paused = self.b.ask("pause", self.hash[:8]).event("torrent")
        expect("paused", paused["state"] == "paused", paused)
        cause = self.b.cause(self.hash)
        expect("by the user", (cause["cause"], cause["evidence"]["by"]) == ("paused", "user"), cause)
        self.b.ask("resume", self.hash)
        self.b.wait_for(self.hash, "seeding")
        chosen = self.b.ask("select", self.hash, "--select", "no such file")
        expect("no such file", chosen.status == 72, chosen.text)
        wrong = self.b.ask("limit", self.hash, "--limit-up", "fast")
        expect("no rate", wrong.status == 64, wrong.text)

    def stranger(self):
        expect("a stranger gets nothing", knock(A, self.a.port, self.hash) == 0)

        def denied():
            found = self.a.ask("peers", "--denied").event("denied")["denied"]
            return [one for one in found if one["endpoint"].startswith(f"{STRANGER}:")]
        entry = eventually("the stranger among the denied", denied)[0]
        expect("by which rule", entry["reason"] == "notAMember", entry)
        seen = [e["occurred"] for e in self.a.ask("events").events("nodeEvent")]
        expect("in the events", any(e["type"] == "peerRefused" and e["endpoint"].startswith(STRANGER) for e in seen), seen)
        expect("not among the peers", STRANGER not in self.a.run("peers", self.hash).text)

    def watching(self):
        watch = subprocess.Popen(self.a.command("status", "--watch", "--json"), stdout=subprocess.PIPE, text=True)
        first, second = watch.stdout.readline(), watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        expect("status --watch", watch.wait(20) == 0 and '"event":"status"' in first and second, first)
        follow = subprocess.Popen(
            self.a.command("events", "--follow", "--json"), stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        self.a.ask("pause", self.hash)
        expect("events --follow", '"reason":"paused"' in follow.stdout.readline())
        follow.send_signal(signal.SIGINT)
        expect("an interrupt is its end", follow.wait(20) == 0)
        self.a.ask("resume", self.hash)
        self.a.wait_for(self.hash, "seeding")
        status, drawn = on_terminal(self.a.command("top"), b"sq", "album")
        expect("top", status == 0 and "seeding" in drawn and drawn.rstrip().endswith("\x1b[?1049l"), (status, drawn[-600:]))

    def withdrawn(self):
        """B is no longer let in: neither side claims anything else."""
        self.a.ask("members", "remove", self.hash, B)
        expect("no member", self.a.cause(self.hash)["cause"] == "noMember", self.a.cause(self.hash))
        write(f"{self.folder}/content/second.bin", 24 * MIB)
        shared = self.a.ask("share", "--detach", f"{self.folder}/content/second.bin", "--allow", "127.0.1.77")
        self.second, invite = shared.event("invite")["infoHash"], shared.event("invite")["magnet"]
        self.b.ask("fetch", "--detach", invite, "--into", f"{self.folder}/b in")
        cause = self.b.wait_for_cause(self.second, "handshakeRefused")
        expect("who refuses", cause["evidence"]["peers"][0]["endpoint"] == self.a.endpoint, cause)
        self.a.wait_for_cause(self.second, "allRefused")

    def killed(self):
        self.b.ask("limit", self.second, "--limit-down", "2M")
        self.a.ask("members", "add", self.second, B)
        eventually("bytes of the second", lambda: self.b.torrent(self.second)["verifiedBytes"] > 0)
        peer = next(p["peer"] for p in self.a.ask("peers", self.second).events("torrentPeer") if p["peer"]["state"] == "connected")
        expect("who let it in", (peer["rule"], peer["source"]) == (B, "inviteList"), peer)
        self.a.ask("members", "remove", self.second, B)
        peers = self.a.ask("peers", self.second).events("torrentPeer")
        expect("cut at once", not [p for p in peers if p["peer"]["state"] == "connected"], peers)
        self.a.ask("members", "add", self.second, B)
        connected = lambda: [p for p in self.b.ask("peers", self.second).events("torrentPeer") if p["peer"]["state"] == "connected"]
        eventually("let in again", connected, limit=90)
        self.ping()
        self.a.end(signal.SIGKILL)
        gone = eventually("the killed peer in explain", lambda: (
            c := self.b.cause(self.second))["cause"] in ("membersGone", "notReached") and c)
        expect("which one", gone["evidence"]["peers"][0]["endpoint"] == self.a.endpoint, gone)
        dead = self.a.ask("list")
        expect("a dead node is told", dead.status == 69 and dead.event("error")["code"] == "noNode", dead.text)
        self.a.start()
        expect("unclean", self.a.ask("status").event("status")["wasUnclean"])
        self.a.wait_for(self.second, "seeding")
        self.b.ask("limit", self.second)
        self.b.wait_for(self.second, "seeding", limit=90)
        expect("every byte", filecmp.cmp(
            f"{self.folder}/content/second.bin", f"{self.folder}/b in/second.bin", shallow=False))

    def ping(self):
        reached = self.b.ask("ping", self.second, self.a.endpoint)
        probe = reached.event("ping")["probe"]
        expect("who is connected", reached.status == 0 and probe["wasConnected"], reached.text)
        self.b.ask("members", "add", self.second, f"{A}:9")
        refused = self.b.ask("ping", self.second, f"{A}:9")
        probe = refused.event("ping")["probe"]
        expect("nobody listens there", refused.status == 69 and probe["failure"]["stage"] == "tcp", refused.text)
        self.b.ask("members", "remove", self.second, f"{A}:9")
        stranger = self.b.ask("ping", self.second, f"{STRANGER}:9")
        expect("a stranger is not dialled", stranger.event("error")["code"] == "noMember", stranger.text)

    def moving(self):
        moved = self.b.ask("move", self.hash, "--to", f"{self.folder}/b moved")
        expect("move", moved.status == 0 and not moved.event("moved")["left"], moved.text)
        self.compare(f"{self.folder}/b moved")
        for name, other in (("three/notes.txt", "read me – γ.txt"), ("read me – γ.txt", "three/notes.txt")):
            renamed = self.b.ask("rename", self.hash, f"album – β/{name}", f"album – β/{other}")
            expect("rename", renamed.status == 0, renamed.text)
            expect("it has that name", os.path.exists(f"{self.folder}/b moved/album – β/{other}"))
        self.compare(f"{self.folder}/b moved")
        taken = self.b.ask("rename", self.hash, "album – β/one.bin", "album – β/two.bin")
        expect("a name that is taken", taken.status not in (0, 70), taken.text)
        out = self.b.ask("rename", self.hash, "album – β/one.bin", "../one.bin")
        expect("out of the folder", out.status not in (0, 70), out.text)
        self.b.wait_for(self.hash, "seeding")
        removed = self.b.ask("remove", self.second, "--data")
        expect("remove", removed.status == 0 and not os.path.exists(f"{self.folder}/b in/second.bin"), removed.notes)
        expect("it is gone", self.b.torrent(self.second) is None)

    def spoilt(self):
        """A byte rots behind the node's back."""
        with open(f"{self.folder}/b moved/album – β/two.bin", "r+b") as file:
            file.seek(MIB)
            byte = file.read(1)
            file.seek(MIB)
            file.write(bytes([byte[0] ^ 1]))
        found = self.b.ask("verify", self.hash)
        expect("verify names it", found.status == 65 and [
            f["path"] for f in found.event("verified")["badFiles"]] == ["album – β/two.bin"], found.text)

    def full_disk(self):
        if not self.is_isolated:
            return
        small = f"{self.folder}/small"
        os.mkdir(small)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", small], check=True)
        write(f"{small}/ballast", 6 * MIB)
        shared = self.a.ask("members", "add", self.second, B)
        expect("members add", shared.status == 0, shared.text)
        added = self.b.ask(
            "add", self.second, "--into", small, "--allow", self.a.endpoint)
        expect("add", added.status == 0, added.notes)
        full = self.b.wait_for_cause(self.second, "diskFull")
        expect("which file", full["evidence"]["path"].startswith(small), full)
        expect("what to do", "resume" in full["action"], full)
        eventually("a warning of list", lambda: f"{self.second}: 25165824 bytes are needed" in self.b.run("list").notes)
        os.unlink(f"{small}/ballast")
        subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
        self.b.ask("resume", self.second)
        self.b.wait_for(self.second, "seeding", limit=90)
        expect("every byte", filecmp.cmp(
            f"{self.folder}/content/second.bin", f"{small}/second.bin", shallow=False))

    def filling_disk(self):
        """The disk fills in the middle: the fetch waits, and goes on by itself once there is room."""
        if not self.is_isolated:
            return
        small = f"{self.folder}/small"
        self.b.ask("remove", self.second, "--data")
        subprocess.run(["mount", "-o", "remount,size=40m", small], check=True)
        self.b.ask("add", self.second, "--into", small, "--allow", self.a.endpoint, "--paused")
        self.b.ask("limit", self.second, "--limit-down", "2M")
        self.b.ask("resume", self.second)
        eventually("some bytes", lambda: self.b.torrent(self.second)["verifiedBytes"] > 0)
        with contextlib.suppress(OSError), open(f"{small}/ballast", "wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(65536))
        full = self.b.wait_for_cause(self.second, "diskFull")
        expect("by itself", "by itself" in full["action"] or "free" in full["action"], full)
        os.unlink(f"{small}/ballast")
        self.b.ask("limit", self.second)
        self.b.wait_for(self.second, "seeding", limit=90)
        expect("every byte", filecmp.cmp(
            f"{self.folder}/content/second.bin", f"{small}/second.bin", shallow=False))

    def interface_down(self):
        """A node that is bound to an interface stands still while that is away."""
        if not self.is_isolated:
            return
        bound = Node(self.programs, f"{self.folder}/c", "pt0")
        try:
            bound.start()
            bound.ask("add", "b" * 40, "--into", f"{self.folder}/c in", "--allow", "10.99.0.7:9")
            bound.wait_for_cause("b" * 40, "notReached")
            subprocess.run(["ip", "link", "set", "pt0", "down"], check=True)
            away = bound.wait_for_cause("b" * 40, "interfaceDown")
            expect("which one", away["evidence"]["interfaces"] == ["pt0"], away)
            status = bound.ask("status").event("status")
            expect("not ready", status["unavailableInterfaces"] == ["pt0"] and status["notReady"], status)
            expect("the doctor sees it", bound.ask("doctor").status == 2)
            subprocess.run(["ip", "link", "set", "pt0", "up"], check=True)
            bound.wait_for_cause("b" * 40, "notReached")
        finally:
            bound.end(signal.SIGKILL)

    def lonely(self):
        """A member that is not there."""
        alone = self.b.ask("add", "a" * 40, "--into", f"{self.folder}/b in", "--allow", "127.0.1.88:9", "--paused")
        expect("add --paused", alone.event("torrent")["state"] == "paused", alone.text)
        self.b.ask("resume", "a" * 40)
        self.b.wait_for_cause("a" * 40, "notReached")

    def doctoring(self):
        """The doctor finds what is wrong by now, and nothing else."""
        checks = {c["name"]: c["severity"] for c in self.a.ask("doctor").event("doctor")["checks"]}
        expect("the killed node", checks["lastExit"] == "warning" and self.a.ask("doctor").status == 1, checks)
        sick = self.b.ask("doctor")
        found = sick.event("doctor")["checks"]
        spoilt = [c for c in found if (c["name"], c.get("subject")) == ("torrents", self.hash)]
        expect("the spoilt torrent", sick.status == 2 and [c["severity"] for c in spoilt] == ["error"], found)
        well = {c["name"] for c in found if c["severity"] == "ok"}
        expect("all else is well", {"node", "socket", "listening", "stateFiles", "lastExit"} <= well, found)
        valid = self.a.run("config", "check", self.a.config, socket=False)
        expect("config check", valid.status == 0, valid.notes)
        shown = self.a.run("config", "show")
        expect("config show", self.a.endpoint in shown.text, shown.text)
        archive = f"{self.folder}/bundle.tar.gz"
        made = self.b.ask("bundle", "-o", archive)
        expect("bundle", made.status == 0, made.notes)
        with tarfile.open(archive) as bundle:
            for member in filter(tarfile.TarInfo.isfile, bundle):
                text = bundle.extractfile(member).read().decode()
                for secret in (self.hash, A, B, "album", "second.bin", self.folder):
                    expect(f"{secret} in {member.name}", secret not in text)

    def stopping(self):
        for node in (self.a, self.b):
            expect("a clean end", node.end() == 0)
            expect("its socket is gone", not os.path.exists(node.socket))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--isolated", action="store_true")
    arguments = parser.parse_args()
    try:
        Session(arguments.programs, arguments.isolated).all()
    except Wrong as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print("every command answered truthfully")
    return 0


if __name__ == "__main__":
    sys.exit(main())
