"""The system chooses a port whose UDP twin is taken: the engine asks again, and listens where both are free.

libtorrent binds a UDP socket to the port that it got for TCP, used or not, and gives up where somebody has that. Here
the system has ten ports, and one of them is free of UDP. Usage: ports.py SWARMCTL
"""

import os
import socket
import sys
import tempfile

from namespaces import Namespace, Swarmctl, check, may_make_namespaces, run_cases, skip

FIRST, COUNT, FREE, STARTS = 40000, 10, 40003, 20


def taken_twins(swarmctl, scratch):
    path = os.path.join(scratch, "content.bin")
    with open(path, "wb") as f:
        f.write(os.urandom(1000))
    namespace = Namespace("ports")
    taken = []
    try:
        with namespace.entered():
            with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as f:
                f.write(f"{FIRST} {FIRST + COUNT - 1}")
            for port in range(FIRST, FIRST + COUNT):
                if port != FREE:
                    taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    taken[-1].bind(("127.0.0.2", port))
        for _ in range(STARTS):
            sharing = Swarmctl(swarmctl, namespace, "share", path, "--listen", "127.0.0.2:0", "--allow", "127.0.0.3")
            try:
                port = sharing.wait("listening", 10)["port"]
            finally:
                sharing.end()
            check(port == FREE, f"it listens at {port}")
    finally:
        for one in taken:
            one.close()
        namespace.delete()
    return f"{STARTS} starts"


def main():
    if not may_make_namespaces():
        skip("needs the right to make network namespaces")
    with tempfile.TemporaryDirectory(prefix="ports-") as scratch:
        return run_cases([("taken_twins", lambda: taken_twins(os.path.abspath(sys.argv[1]), scratch))])


if __name__ == "__main__":
    sys.exit(main())
