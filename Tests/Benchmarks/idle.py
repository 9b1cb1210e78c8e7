#!/usr/bin/env python3
"""What an idle node takes of a core: Tests/Benchmarks/idle.py SWARMD [SECONDS [TORRENTS]]

100 torrents are seeded to nobody, for 60 seconds each: alone; then with a dashboard open, which follows the events and
looks at the node and at one torrent every 5 seconds, and with Prometheus, which asks for /metrics as often.
Goal: less than 2 % of a core. Exit 0 where it is met.
"""

import os
import sys
import threading
import time

from node import Client, Node

GOAL, LOOKS = 2.0, 5


def follow(node):
    """A dashboard's stream of events."""
    client = Client(node.socket)
    client.request("GET", "/v1/events")
    while client.sock.recv(65536):
        pass


def look(node, info_hash):
    """What the dashboard asks when it looks, and Prometheus."""
    at = f"/v1/torrents/{info_hash}"
    for target in ("/v1/status", "/v1/torrents", "/v1/refusals", f"{at}/explain", f"{at}/pieces", f"{at}/peers",
                   f"{at}/members", "/metrics"):
        node.raw("GET", target)


def share(node, seconds, each=None):
    """Percent of a core."""
    start, used = time.monotonic(), node.processor_time()
    while (left := start + seconds - time.monotonic()) > 0:
        if each:
            each()
        time.sleep(min(LOOKS, max(0, left)))
    return 100 * (node.processor_time() - used) / (time.monotonic() - start)


def main():
    swarmd = os.path.abspath(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    with Node(swarmd, "127.0.0.1") as node:
        hashes = [node.seed(f"file-{number}", os.urandom(300_000), ["127.0.0.2"]) for number in range(count)]
        while node.ask("GET", "/v1/status")["torrents"]["seeding"] < count:
            time.sleep(0.1)
        time.sleep(5)
        print(f"{count} torrents, nobody looks    {share(node, seconds):5.2f} % of a core", flush=True)
        threading.Thread(target=follow, args=[node], daemon=True).start()
        watched = share(node, seconds, lambda: look(node, hashes[0]))
        print(f"{count} torrents, dashboard open  {watched:5.2f} % of a core   {node.resident():.0f} MiB resident",
              flush=True)
    sys.exit(watched >= GOAL)


if __name__ == "__main__":
    main()
