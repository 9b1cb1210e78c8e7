"""A backend's members follow an interface: its addresses, its state, its end and its return.

The interface carries nothing: the member is reached by another way all the time, so that whoever is
cut was cut because the source no longer names it.

Usage: interface_source.py SWARMCTL NETWORKSOURCE
"""

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from namespaces import Capture, Failed, Namespace, Swarmctl, check, ip, may_make_namespaces, run_cases, skip

US, MEMBER, OTHER, INTERFACE = "10.80.0.1", "10.90.0.2", "10.91.0.2", "ov0"
SIZE = 64 << 20


class Source:
    """A NetworkSource process; see Source/NetworkSource.swift."""

    def __init__(self, binary, space, path):
        with space.entered():
            self.process = subprocess.Popen([binary, US, path, INTERFACE], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.endpoint, self.info_hash = self.wait("ready")

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.split())
        self._lines.put(["ended"])

    def wait(self, kind, seconds=20):
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise Failed(f"no {kind} in {seconds} s") from None
        check(line[0] == kind, f"{line} instead of {kind}")
        return line[1:]

    def names(self, *rules):
        """The next list of members, and no other for a while: each change is told once."""
        told = self.wait("members")
        check(told == list(rules), f"members {told} instead of {list(rules)}")
        time.sleep(0.3)
        check(self._lines.empty(), "a list was told twice")

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bench:
    def __init__(self, swarmctl, source):
        self.swarmctl = swarmctl
        self.scratch = tempfile.mkdtemp()
        path = os.path.join(self.scratch, "content.bin")
        with open(path, "wb") as f:
            f.write(os.urandom(SIZE))
        self.us, self.peer = Namespace("us"), Namespace("peer")
        ip("link", "add", "us0", "netns", self.us.name, "type", "veth", "peer", "peer0", "netns", self.peer.name)
        self.us.ip("address", "add", US + "/32", "dev", "us0")
        self.us.ip("link", "set", "us0", "up")
        self.peer.ip("link", "set", "peer0", "up")
        for address in (MEMBER, OTHER):
            self.peer.ip("address", "add", address + "/32", "dev", "peer0")
            self.us.ip("route", "add", address, "dev", "us0", "src", US)
        self.peer.ip("route", "add", US, "dev", "peer0")
        subprocess.run(["tc", "-n", self.us.name, "qdisc", "add", "dev", "us0", "root", "tbf", "rate", "20mbit",
                        "burst", "64kb", "latency", "50ms"], check=True)
        self.capture = Capture(self.us, "us0")
        self.source = Source(source, self.us, path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.source.end()
        self.capture.stop()
        for space in (self.us, self.peer):
            space.delete()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def add_interface(self, address):
        self.link("add", INTERFACE, "type", "veth", "peer", INTERFACE + "-end")
        self.address("add", address)
        self.link("set", INTERFACE, "up")

    def link(self, *words):
        self.us.ip("link", *words)

    def address(self, *words):
        self.us.ip("address", *words, "dev", INTERFACE)

    def sent(self, since):
        return [p for p in list(self.capture.packets) if p.is_outgoing and p.payload > 0 and p.at > since]

    def fetch(self, address):
        return Swarmctl(self.swarmctl, self.peer, "fetch", self.source.info_hash, "--peer", self.source.endpoint,
                        "--into", tempfile.mkdtemp(dir=self.scratch), "--listen", f"{address}:7000")

    def refused(self, address=MEMBER):
        since, fetch = time.time(), self.fetch(address)
        try:
            time.sleep(2)
            check(not self.sent(since), f"{address} was sent something")
            check(any(p.is_syn for p in self.capture.packets if p.at > since), f"{address} did not even try")
        finally:
            fetch.end()

    def served(self, change=None, address=MEMBER):
        """A member is served; and where there is a change, cut by it, however well it can be reached."""
        since, fetch = time.time(), self.fetch(address)
        try:
            deadline = time.monotonic() + 30
            while sum(p.payload for p in self.sent(since)) < 1 << 20:
                check(time.monotonic() < deadline, f"{address} is not served")
                time.sleep(0.05)
            if not change:
                return
            at = time.time()
            change()
            time.sleep(2)
            check(not self.sent(at + 2), f"{address} was still sent something 2 s after the change")
            since = time.time()
            time.sleep(1.5)
            check(not self.sent(since), f"{address} was sent something after it was cut")
        finally:
            fetch.end()


def story(bench):
    source = bench.source
    source.names()
    bench.refused()

    bench.add_interface("10.90.0.1/24")
    source.names("10.90.0.0/24")
    bench.refused(OTHER)

    def gains_and_loses():
        bench.address("add", "10.91.0.1/24")
        source.names("10.90.0.0/24", "10.91.0.0/24")
        bench.address("delete", "10.90.0.1/24")
        source.names("10.91.0.0/24")
    bench.served(gains_and_loses)
    bench.served(address=OTHER)

    def changes():
        bench.address("add", "10.92.0.1/16")
        bench.address("delete", "10.91.0.1/24")
        source.wait("members")
    bench.served(changes, OTHER)
    time.sleep(0.5)
    while not source._lines.empty():
        last = source.wait("members")
        check(last in (["10.91.0.0/24", "10.92.0.0/16"], ["10.92.0.0/16"]), f"members {last}")
    bench.address("delete", "10.92.0.1/16")
    source.names()
    bench.address("add", "10.90.0.7/24")
    source.names("10.90.0.0/24")
    bench.address("add", "fd90::1/64")
    source.names("10.90.0.0/24", "fd90::/64")
    bench.address("delete", "fd90::1/64")
    source.names("10.90.0.0/24")

    bench.served(lambda: bench.link("set", INTERFACE, "down"))
    source.names()
    bench.refused()
    bench.link("set", INTERFACE, "up")
    source.names("10.90.0.0/24")
    bench.served(lambda: bench.link("delete", INTERFACE))
    source.names()
    bench.refused()
    bench.add_interface("10.90.0.1/24")
    source.names("10.90.0.0/24")
    bench.served()


def main():
    if not may_make_namespaces():
        skip("network namespaces cannot be made here")

    def case():
        with Bench(*sys.argv[1:3]) as bench:
            story(bench)
    return run_cases([("an interface's members come, change and go with it", case)])


if __name__ == "__main__":
    sys.exit(main())
