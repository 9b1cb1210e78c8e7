"""Bound to an interface, nothing leaves by another; away, the engine stands still; back, it goes on.

Two namespaces with two links between them. The peer can be reached by either, so that whatever falls back from the
bound link (wg0) to the other (eth1) would get there, and is seen: every case ends with a capture on eth1.

Usage: binding.py SWARMCTL [CASE …]
"""

import ctypes
import filecmp
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

from namespaces import Capture, Namespace, Swarmctl, check, ip, may_make_namespaces, run_cases, skip

SIZE = 24 << 20
RATE = "40mbit"  # the whole file in about five seconds


class Links:
    """`us` and `peer`, joined twice: wg0, slow, to be bound to; eth1, which leads to the same peer."""

    def __init__(self):
        self.us, self.peer = Namespace("us"), Namespace("peer")
        for name, net in (("pw0", 77), ("pe1", 78)):
            # A bridge: the peer's address stays when our end of the link is gone.
            self.peer.ip("link", "add", name, "type", "bridge")
            self.address(self.peer, name, net, 2)
        self.add("wg0", "pw0", 77)
        self.add("eth1", "pe1", 78)
        self.us.ip("route", "add", "default", "via", "10.78.0.2", "dev", "eth1")
        self.us.ip("-6", "route", "add", "default", "via", "fd78::2", "dev", "eth1")

    def add(self, ours, theirs, net):
        port = f"port{net}"
        ip("link", "add", ours, "netns", self.us.name, "type", "veth", "peer", port, "netns", self.peer.name)
        self.peer.ip("link", "set", port, "master", theirs, "up")
        self.address(self.us, ours, net, 1)
        if net == 77:
            for space, name in ((self.us, ours), (self.peer, port)):
                subprocess.run(["tc", "-n", space.name, "qdisc", "add", "dev", name, "root", "tbf", "rate", RATE,
                                "burst", "64kb", "latency", "50ms"], check=True)

    @staticmethod
    def address(space, name, net, host):
        # Without the test for duplicates, which takes a second.
        space.ip("address", "add", f"10.{net}.0.{host}/24", "dev", name)
        space.ip("address", "add", f"fd{net}::{host}/64", "dev", name, "nodad")
        space.ip("link", "set", name, "up")

    def delete(self):
        self.us.delete()
        self.peer.delete()


class Bench:
    """The links, something to share, and whatever runs."""

    def __init__(self, swarmctl, scratch):
        self.swarmctl, self.scratch, self.links = swarmctl, scratch, Links()
        self.path = os.path.join(scratch, "content.bin")
        self.running = []
        if not os.path.exists(self.path):
            with open(self.path, "wb") as f:
                f.write(os.urandom(SIZE))
        self.into = os.path.join(scratch, "copy")
        self.capture = Capture(self.links.us, "eth1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.running:
            one.end()
        self.capture.stop()
        self.links.delete()
        shutil.rmtree(self.into, ignore_errors=True)

    def start(self, namespace, *words, **more):
        one = Swarmctl(self.swarmctl, namespace, *words, **more)
        self.running.append(one)
        return one

    def share(self, namespace, *listen, allow=("10.0.0.0/8", "fc00::/7")):
        words = [word for place in listen for word in ("--listen", place)]
        words += [word for rule in allow for word in ("--allow", rule)]
        sharing = self.start(namespace, "share", self.path, *words)
        return sharing, sharing.wait("invite")["magnet"]

    def fetch(self, namespace, magnet, *words, **more):
        return self.start(namespace, "fetch", magnet, "--into", self.into, "--timeout", "60", *words, **more)

    def finish(self, fetching):
        fetching.wait("finished", 60)
        check(filecmp.cmp(self.path, os.path.join(self.into, "content.bin"), shallow=False), "the copy differs")

    def nothing_left_by_eth1(self):
        packets = self.capture.outgoing()
        check(not packets, f"{len(packets)} packets left by eth1: {packets[:2]}")


def interrupted(bench, down, up, bound, fetching):
    """Takes wg0 away in the middle of a transfer, and brings it back."""
    fetching.wait("peer", state="connected")
    while fetching.done_bytes() < SIZE // 8:
        fetching.wait("progress", 30)
    started = time.monotonic()
    down()
    noticed = bound.wait("interface", 10, name="wg0", state="down")["at"] - started
    time.sleep(1)  # what had come is still verified and told
    before = fetching.done_bytes()
    time.sleep(3)
    check(fetching.done_bytes() == before, f"{fetching.done_bytes() - before} bytes came while wg0 was away")
    bench.nothing_left_by_eth1()
    started = time.monotonic()
    up()
    bound.wait("interface", 10, name="wg0", state="up")
    bench.finish(fetching)
    bench.nothing_left_by_eth1()
    return f"noticed after {noticed * 1000:.0f} ms, finished {time.monotonic() - started:.1f} s after its return"


def fetch_interrupted(swarmctl, scratch, down, up):
    """The bound one fetches; `down` and `up` take the links."""
    with Bench(swarmctl, scratch) as bench:
        _, magnet = bench.share(bench.links.peer, "10.77.0.2:0")
        fetching = bench.fetch(bench.links.us, magnet, "--listen", "wg0:0")
        return interrupted(bench, lambda: down(bench.links), lambda: up(bench.links), fetching, fetching)


def goes_down(*where):
    return fetch_interrupted(*where, lambda links: links.us.ip("link", "set", "wg0", "down"),
                             lambda links: links.us.ip("link", "set", "wg0", "up"))


def loses_its_address(*where):
    return fetch_interrupted(*where, lambda links: links.us.ip("address", "del", "10.77.0.1/24", "dev", "wg0"),
                             lambda links: links.us.ip("address", "add", "10.77.0.1/24", "dev", "wg0"))


def disappears(*where):
    return fetch_interrupted(*where, lambda links: links.us.ip("link", "del", "wg0"),
                             lambda links: links.add("wg0", "pw0", 77))


def listens(swarmctl, scratch):
    """The bound one shares; its port is the same afterwards, or the peer would not find it."""
    with Bench(swarmctl, scratch) as bench:
        sharing, magnet = bench.share(bench.links.us, "wg0:0")
        fetching = bench.fetch(bench.links.peer, magnet, "--listen", "10.77.0.2:0")
        us = bench.links.us
        return interrupted(bench, lambda: us.ip("link", "set", "wg0", "down"),
                           lambda: us.ip("link", "set", "wg0", "up"), sharing, fetching)


def dials_ipv6(swarmctl, scratch):
    with Bench(swarmctl, scratch) as bench:
        _, magnet = bench.share(bench.links.peer, "[fd77::2]:0")
        bench.finish(bench.fetch(bench.links.us, magnet, "--listen", "wg0:0"))
        bench.nothing_left_by_eth1()


def ipv6_route_leads_elsewhere(swarmctl, scratch):
    with Bench(swarmctl, scratch) as bench:
        _, magnet = bench.share(bench.links.peer, "[fd77::2]:0")
        bench.links.us.ip("-6", "route", "add", "fd77::2/128", "via", "fd78::2", "dev", "eth1")
        fetching = bench.fetch(bench.links.us, magnet, "--listen", "wg0:0")
        fetching.wait("peer", 20, state="refused", reason="notBound")
        time.sleep(2)
        bench.nothing_left_by_eth1()


def both_families(swarmctl, scratch):
    """Two peers, one by IPv4 and one by IPv6, and one address of ours for each: every dial gets there."""
    with Bench(swarmctl, scratch) as bench:
        shares = [bench.share(bench.links.peer, place) for place in ("10.77.0.2:0", "[fd77::2]:0")]
        peers = [magnet.split("x.pe=")[1].split("&")[0].replace("%5B", "[").replace("%5D", "]").replace("%3A", ":")
                 for _, magnet in shares]
        for _ in range(3):
            fetching = bench.fetch(bench.links.us, shares[0][1], "--peer", peers[1], "--listen", "10.77.0.1:0",
                                   "--listen", "[fd77::1]:0")
            for sharing, ours in zip((s for s, _ in shares), ("10.77.0.1:", "[fd77::1]:")):
                seen = sharing.wait("peer", 15, state="connected")
                check(seen["endpoint"].startswith(ours), f"dialled from {seen['endpoint']}, not {ours}")
            fetching.end()
            shutil.rmtree(bench.into, ignore_errors=True)
        bench.nothing_left_by_eth1()


def refuse_binding():
    """In the child: setsockopt(SOL_SOCKET, SO_BINDTODEVICE) is answered with EPERM, as an old kernel would."""
    def statement(code, jt, jf, k):
        return struct.pack("HBBI", code, jt, jf, k)
    number = {"x86_64": 54, "aarch64": 208}[os.uname().machine]
    program = b"".join([
        statement(0x20, 0, 0, 0), statement(0x15, 0, 5, number),  # the system call
        statement(0x20, 0, 0, 24), statement(0x15, 0, 3, 1),      # level: SOL_SOCKET
        statement(0x20, 0, 0, 32), statement(0x15, 0, 1, 25),     # name: SO_BINDTODEVICE
        statement(0x06, 0, 0, 0x00050001),                        # EPERM
        statement(0x06, 0, 0, 0x7FFF0000)])
    libc = ctypes.CDLL(None)
    code = ctypes.create_string_buffer(program, len(program))
    filters = struct.pack("HP", len(program) // 8, ctypes.addressof(code))
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.c_char_p(filters), 0, 0) != 0:
        os._exit(99)


def binding_is_refused(swarmctl, scratch):
    """Where the kernel refuses to bind, the engine would fall back to an address: it must not run."""
    with Bench(swarmctl, scratch) as bench:
        _, magnet = bench.share(bench.links.peer, "10.77.0.2:0")
        fetching = bench.fetch(bench.links.us, magnet, "--listen", "wg0:0", preexec=refuse_binding)
        error = fetching.wait("error", 20)
        check(error["code"] == "permissionDenied" and "wg0" in error["message"] and error["remedy"],
              f"not the error that it should be: {error}")
        check(fetching.end() == 69, "not exit 69")
        bench.nothing_left_by_eth1()


CASES = [goes_down, loses_its_address, disappears, listens, dials_ipv6, ipv6_route_leads_elsewhere, both_families,
         binding_is_refused]


def main():
    swarmctl, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    if os.geteuid() != 0 or not may_make_namespaces():
        skip("making network namespaces needs root")
    with tempfile.TemporaryDirectory(prefix="binding-") as scratch:
        return run_cases([(case.__name__, lambda case=case: case(swarmctl, scratch))
                          for case in CASES if not wanted or case.__name__ in wanted])


if __name__ == "__main__":
    sys.exit(main())
