"""Descriptors run out: the engine neither spins nor falls silent for good, and takes members again when there are some.

libtorrent, left alone, tries accept() again at once for as long as a connection waits, and cuts a peer and its own
limit of connections each time. Usage: descriptors.py SWARMCTL
"""

import filecmp
import os
import resource
import socket
import sys
import tempfile
import time

from namespaces import Swarmctl, check, run_cases

HOSTILE = 60


def busiest_thread(pid):
    """Seconds that each thread has run or waited for a processor: what spins has no others."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as f:
            ran, waited, _ = f.read().split()
        found[thread] = (int(ran) + int(waited)) / 1e9
    return found


def runs_out(swarmctl, scratch):
    path, log = os.path.join(scratch, "content.bin"), os.path.join(scratch, "log")
    with open(path, "wb") as f:
        f.write(os.urandom(1 << 20))
    with open(log, "w") as stderr:
        sharing = Swarmctl(swarmctl, None, "share", path, "--listen", "127.0.0.1:0", "--allow", "127.0.0.0/8",
                           log=stderr)
    try:
        port, magnet = sharing.wait("listening")["port"], sharing.wait("invite")["magnet"]
        pid = sharing.process.pid
        limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        last = max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (last + 3, limit[1]))
        hostile = []
        for i in range(HOSTILE):  # each from an address of its own: no one of them is too many
            one = socket.socket()
            one.setblocking(False)
            one.bind((f"127.0.2.{i + 1}", 0))
            one.connect_ex(("127.0.0.1", port))
            hostile.append(one)
        time.sleep(1)
        before, started = busiest_thread(pid), time.monotonic()
        time.sleep(3)
        elapsed = time.monotonic() - started
        after = busiest_thread(pid)
        busy = max((after[t] - before.get(t, 0)) / elapsed for t in after)
        check(busy < 0.6, f"a thread was busy for {busy:.0%} of the time")
        with open(log) as f:
            text = f.read()
        check("descriptors" in text, f"nothing was said of it: {text}")
        check(text.count("accepting a connection failed") < 20, "it was said again and again")
        for one in hostile:
            one.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
        into = os.path.join(scratch, "copy")
        fetching = Swarmctl(swarmctl, None, "fetch", magnet, "--into", into, "--listen", "127.0.0.3:0", "--timeout",
                            "30")
        fetching.wait("finished", 40)
        fetching.end()
        check(filecmp.cmp(path, os.path.join(into, "content.bin"), shallow=False), "the copy differs")
        return f"the busiest thread was busy for {busy:.0%} of the time"
    finally:
        sharing.end()


def main():
    with tempfile.TemporaryDirectory(prefix="descriptors-") as scratch:
        return run_cases([("runs_out", lambda: runs_out(os.path.abspath(sys.argv[1]), scratch))])


if __name__ == "__main__":
    sys.exit(main())
