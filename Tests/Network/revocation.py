"""How soon a change of the members is one on the wire, by a capture beside the member that makes it.

  cut by file     `swarmctl share --allow-file`, from the rename of the file          goal: below 2 s
  cut seeding     a seed, from the call that changes the members                      goal: below 2 s
  cut fetching    a fetch, from the same call; what the other side still sent counts  goal: below 2 s
  admit by file   to the first byte to the new member, which is dialled
  admit fetching  the same from the call, and to the end of the handshake

Payload counts in both directions. A member that was cut goes on trying to connect, and gets no byte.

Usage: revocation.py SWARMCTL NETWORKMEMBER [--rounds N]
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from namespaces import (Capture, Failed, Namespace, Swarmctl, check, ip, may_make_namespaces, run_cases, skip)

SIZE = 64 << 20
US, PEER, PORT = "10.80.0.1", "10.80.0.2", 7000
AFTER = 4  # seconds that are looked at after a cut


class Bench:
    """Two namespaces with a slow link, and content that takes half a minute to pass."""

    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.path = os.path.join(scratch, "content.bin")
        self.torrent = os.path.join(scratch, "content.torrent")
        if not os.path.exists(self.torrent):
            with open(self.path, "wb") as f:
                f.write(os.urandom(SIZE))
            subprocess.run([options.swarmctl, "create", self.path, "--output", self.torrent], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.into = tempfile.mkdtemp(dir=scratch)
        self.us, self.peer = Namespace("us"), Namespace("peer")
        ip("link", "add", "us0", "netns", self.us.name, "type", "veth", "peer", "peer0", "netns", self.peer.name)
        for space, name, address in ((self.us, "us0", US), (self.peer, "peer0", PEER)):
            space.ip("address", "add", address + "/24", "dev", name)
            space.ip("link", "set", name, "up")
            subprocess.run(["tc", "-n", space.name, "qdisc", "add", "dev", name, "root", "tbf", "rate", "20mbit",
                            "burst", "64kb", "latency", "50ms"], check=True)
        self.capture = Capture(self.us, "us0")
        self.rules = os.path.join(scratch, "rules")
        self.ends = [self.capture.stop, self.us.delete, self.peer.delete,
                     lambda: shutil.rmtree(self.into, ignore_errors=True)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in self.ends:
            end()

    def swarmctl(self, space, *words):
        one = Swarmctl(self.options.swarmctl, space, *words)
        self.ends.insert(0, one.end)
        return one

    def member(self, role):
        one = Member(self.options.member, self.us, self.torrent, self.scratch if role == "seed" else self.into, role)
        self.ends.insert(0, one.end)
        return one

    def write_rules(self, *rules):
        """As an editor does; the time of the rename."""
        with open(self.rules + ".new", "w") as f:
            f.write("".join(rule + "\n" for rule in rules))
        at = time.time()
        os.replace(self.rules + ".new", self.rules)
        return at

    def fetch(self, port):
        return self.swarmctl(self.peer, "fetch", self.torrent, "--peer", f"{US}:{port}", "--into", self.into,
                             "--listen", f"{PEER}:{PORT}")

    def wait_for_payload(self, count=1 << 20, seconds=30):
        deadline = time.monotonic() + seconds
        while sum(p.payload for p in list(self.capture.packets)) < count:
            check(time.monotonic() < deadline, "nothing is transferred")
            time.sleep(0.05)

    def cut_time(self, at):
        """Seconds from `at` to the last payload, seen AFTER seconds later."""
        time.sleep(AFTER)
        packets = list(self.capture.packets)
        check(packets[-1].at > at, "no packet was captured after the change: the cut one does not try again")
        # What it sends on a new connection, its handshake, is its own affair: nothing is said to it.
        tries = {p.ports for p in packets if p.is_syn and p.at > at}
        said = sum(p.payload for p in packets if p.ports in tries and p.is_outgoing)
        check(said == 0, f"{said} bytes were sent to who was cut, when it tried again")
        took = max(p.at for p in packets if p.payload > 0 and p.ports not in tries) - at
        check(took < 2, f"payload still passed {took:.2f} s after the change")
        return max(took, 0), len(tries)

    def time_to_byte(self, at, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            after = [p for p in list(self.capture.packets) if p.at > at and p.is_outgoing and p.payload > 0]
            if after:
                return after[0].at - at
            check(time.monotonic() < deadline, f"no byte to the new member in {seconds} s")
            time.sleep(0.02)


class Member:
    """A NetworkMember process; see Member/main.c."""

    def __init__(self, binary, space, torrent, folder, role):
        with space.entered():
            self.process = subprocess.Popen([binary, US, torrent, folder, role], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()
        self.port = self.wait("listening")[0]

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.split())

    def wait(self, word, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            for i, line in enumerate(self.lines):
                if line[0] == word:
                    return [int(number) for number in self.lines.pop(i)[1:]]
            if time.monotonic() > deadline:
                raise Failed(f"NetworkMember printed no {word}")
            time.sleep(0.01)

    def set_members(self, *members):
        """The times before and after the call, as time.time() has them."""
        self.process.stdin.write(" ".join(members) + "\n")
        self.process.stdin.flush()
        shift = time.time() - time.monotonic()
        return [at / 1e9 + shift for at in self.wait("members")]

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


def cut_by_file(bench):
    bench.write_rules(PEER)
    sharing = bench.swarmctl(bench.us, "share", bench.path, "--listen", f"{US}:0", "--allow-file", bench.rules)
    bench.fetch(sharing.wait("listening")["port"])
    bench.wait_for_payload()
    return bench.cut_time(bench.write_rules("10.80.0.77"))


def cut_seeding(bench):
    seed = bench.member("seed")
    seed.set_members(f"{PEER}:0")
    bench.fetch(seed.port)
    bench.wait_for_payload()
    return bench.cut_time(seed.set_members()[0])


def cut_fetching(bench):
    """The one that is cut seeds, and dials us: it has our port from its rule."""
    fetching = bench.member("fetch")
    bench.swarmctl(bench.peer, "seed", bench.torrent, "--data", bench.scratch, "--listen", f"{PEER}:{PORT}",
                   "--allow", f"{US}:{fetching.port}").wait("listening")
    fetching.set_members(f"{PEER}:{PORT}")
    bench.wait_for_payload()
    return bench.cut_time(fetching.set_members()[0])


def admit_by_file(bench):
    bench.write_rules("10.80.0.77")
    sharing = bench.swarmctl(bench.us, "share", bench.path, "--listen", f"{US}:0", "--allow-file", bench.rules)
    port = sharing.wait("listening")["port"]
    bench.fetch(port).wait("listening")
    time.sleep(2)
    check(not any(p.payload for p in bench.capture.packets if p.is_outgoing), "a stranger got bytes")
    return bench.time_to_byte(bench.write_rules(f"{PEER}:{PORT}")), 0


def admit_fetching(bench):
    fetching = bench.member("fetch")
    bench.swarmctl(bench.peer, "seed", bench.torrent, "--data", bench.scratch, "--listen", f"{PEER}:{PORT}",
                   "--allow", US).wait("listening")
    before = fetching.set_members(f"{PEER}:{PORT}")[0]
    shift = time.time() - time.monotonic()
    took = fetching.wait("connected")[0] / 1e9 + shift - before
    check(took < 1, f"the handshake was complete {took:.2f} s after the call: it waited for a tick")
    return took, 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("swarmctl", type=os.path.abspath)
    parser.add_argument("member", type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    if os.geteuid() != 0 or not may_make_namespaces():
        skip("making network namespaces needs root")

    def case(measure):
        found = []
        for _ in range(options.rounds):
            with Bench(options, scratch) as bench:
                found.append(measure(bench))
        took = [1000 * seconds for seconds, _ in found]
        tries = sum(count for _, count in found)
        return (f"median {statistics.median(took):.1f} ms of {len(took)} ({min(took):.1f} … {max(took):.1f})"
                + (f"; {tries} tries to come back, 0 bytes" if tries else ""))

    with tempfile.TemporaryDirectory(prefix="revocation-") as scratch:
        return run_cases([(measure.__name__, lambda measure=measure: case(measure)) for measure in (
            cut_by_file, cut_seeding, cut_fetching, admit_by_file, admit_fetching)])


if __name__ == "__main__":
    sys.exit(main())
