"""Descriptors run out: the engine neither spins nor falls silent for good, and takes members again when there are some.

libtorrent, left alone, tries accept() again at once for as long as a connection waits, and cuts a peer and its own
limit of connections each time. Usage: descriptors.py SWARMCTL
"""

import filecmp
import functools
import os
import resource
import socket
import sys
import tempfile
import time

from namespaces import Swarmctl, check, run_cases

HOSTILE = 60
RESERVE = 16  # that the engine keeps back


def busiest_thread(pid):
    """Seconds that each thread has run or waited for a processor: what spins has no others."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as f:
            ran, waited, _ = f.read().split()
        found[thread] = (int(ran) + int(waited)) / 1e9
    return found


class Sharing:
    """A swarmctl that shares one file with whoever comes from this machine."""

    def __init__(self, swarmctl, scratch):
        self.swarmctl, self.scratch = swarmctl, scratch
        self.path, self.log = os.path.join(scratch, "content.bin"), os.path.join(scratch, "log")
        with open(self.path, "wb") as f:
            f.write(os.urandom(1 << 20))
        with open(self.log, "w") as stderr:
            self.member = Swarmctl(swarmctl, None, "share", self.path, "--listen", "127.0.0.1:0", "--allow",
                                   "127.0.0.0/8", log=stderr)
        self.port, self.magnet = self.member.wait("listening")["port"], self.member.wait("invite")["magnet"]
        self.pid = self.member.process.pid
        self.usual = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        self.hostile = []

    def allow(self, free):
        """So many descriptors may be opened now, beside those that are."""
        used = {int(name) for name in os.listdir(f"/proc/{self.pid}/fd")}
        limit = 0
        while limit - sum(1 for fd in used if fd < limit) < free:
            limit += 1
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (limit, self.usual[1]))

    def allow_all(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.usual)

    def crowd(self):
        for i in range(HOSTILE):  # each from an address of its own: no one of them is too many
            one = socket.socket()
            one.setblocking(False)
            one.bind((f"127.0.2.{i + 1}", 0))
            one.connect_ex(("127.0.0.1", self.port))
            self.hostile.append(one)

    def disperse(self):
        for one in self.hostile:
            one.close()

    def said(self):
        with open(self.log) as f:
            return f.read()

    def is_listening(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def check_fetch(self, copy="copy"):
        into = os.path.join(self.scratch, copy)
        fetching = Swarmctl(self.swarmctl, None, "fetch", self.magnet, "--into", into, "--listen", "127.0.0.3:0",
                            "--timeout", "30")
        fetching.wait("finished", 40)
        fetching.end()
        check(filecmp.cmp(self.path, os.path.join(into, "content.bin"), shallow=False), "the copy differs")

    def end(self):
        self.disperse()
        self.member.end()


def in_a_share(case):
    @functools.wraps(case)
    def run(swarmctl):
        with tempfile.TemporaryDirectory(prefix="descriptors-") as scratch:
            sharing = Sharing(swarmctl, scratch)
            try:
                return case(sharing)
            finally:
                sharing.end()

    return run


@in_a_share
def runs_out(sharing):
    sharing.allow(3)
    sharing.crowd()
    time.sleep(1)
    before, started = busiest_thread(sharing.pid), time.monotonic()
    time.sleep(3)
    elapsed = time.monotonic() - started
    after = busiest_thread(sharing.pid)
    busy = max((after[t] - before.get(t, 0)) / elapsed for t in after)
    check(busy < 0.6, f"a thread was busy for {busy:.0%} of the time")
    text = sharing.said()
    check("descriptors" in text, f"nothing was said of it: {text}")
    check(text.count("accepting a connection failed") < 20, "it was said again and again")
    sharing.disperse()
    sharing.allow_all()
    sharing.check_fetch()
    return f"the busiest thread was busy for {busy:.0%} of the time"


def make_deaf(sharing):
    """No descriptor is left, and no listening socket; nobody is connected."""
    sharing.check_fetch("first")  # by then it has looked at its files
    sharing.allow(0)
    sharing.crowd()
    time.sleep(1)
    sharing.disperse()
    sharing.allow(0)
    time.sleep(1)
    check(not sharing.is_listening(), f"it listens with no descriptor left: {sharing.said()}")


@in_a_share
def too_few_for_the_listener(sharing):
    make_deaf(sharing)
    sharing.allow(RESERVE + 1)  # the listener's TCP socket is the last that can be had: there is none for its UDP socket
    time.sleep(2)
    check(not sharing.is_listening(), "it listens with too few descriptors: this case shows nothing")
    sharing.allow_all()
    sharing.check_fetch()


@in_a_share
def port_is_taken(sharing):
    make_deaf(sharing)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", sharing.port))
        other.listen()
        sharing.allow_all()
        time.sleep(2)
    sharing.check_fetch()


def main():
    swarmctl = os.path.abspath(sys.argv[1])
    cases = [runs_out, too_few_for_the_listener, port_is_taken]
    return run_cases([(case.__name__, lambda case=case: case(swarmctl)) for case in cases])


if __name__ == "__main__":
    sys.exit(main())
