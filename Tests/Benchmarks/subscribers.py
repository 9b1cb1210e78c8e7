#!/usr/bin/env python3
"""What 100 event streams cost a transfer: Tests/Benchmarks/subscribers.py SWARMD [ROUNDS [SECONDS]]

A node fetches from another, in turns: with nobody subscribed to its events, and with 100 subscribers, of which 5 never
read and come back when they are cut. All the while strangers knock, so that there is something to tell. Then the
subscribers stay for SECONDS without a transfer. Goal: at least 0.95 of the rate without, and memory that does not grow
from the first third of the seconds to the last. Exit 0 where both are met.
"""

import contextlib
import os
import select
import socket
import statistics
import subprocess
import sys
import time

from node import Node

READERS, DEAF, KNOCKS, GOAL, GROWTH = 95, 5, 100, 0.95, 8
# A transfer is short, and there are many, since one differs from the next by a fifth.
MIB, IN_A_ROW = 256, 4


def subscribe(path):
    """Runs in a process of its own until it is ended."""
    poll, streams = select.poll(), {}

    def open_one(is_deaf):
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(path)
        stream.sendall(b"GET /v1/events HTTP/1.1\r\nhost: node\r\n\r\n")
        streams[stream.fileno()] = stream, is_deaf
        poll.register(stream, select.POLLRDHUP if is_deaf else select.POLLIN)

    for number in range(READERS + DEAF):
        open_one(number < DEAF)
    print("ready", flush=True)
    while True:
        for number, _ in poll.poll():
            stream, is_deaf = streams[number]
            if not is_deaf:
                if not stream.recv(1 << 16):
                    sys.exit("a subscriber that reads was cut")
                continue
            poll.unregister(stream)
            del streams[number]
            stream.close()
            open_one(True)


def knock(address, port):
    """Runs in a process of its own: strangers, from ever other addresses, of which the node tells."""
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        stranger = socket.socket()
        stranger.bind((f"127.9.{number // 250 % 250}.{number % 250 + 1}", 0))
        stranger.setblocking(False)
        stranger.connect_ex((address, int(port)))
        time.sleep(1 / KNOCKS)
        stranger.close()


@contextlib.contextmanager
def beside(*words):
    """A process of this file while something else is done."""
    process = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), *words], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        yield
        assert process.poll() is None, f"{words[0]} ended"
    finally:
        process.terminate()
        process.communicate()


def fetch(node, info_hash, peer, name):
    """Seconds from the request to the last byte, and those of the processor; the torrent goes again."""
    folder = f"{node.folder}/in-{name}"
    start, used = time.monotonic(), node.processor_time()
    node.ask("POST", "/v1/torrents", {"invite": f"magnet:?xt=urn:btih:{info_hash}&x.pe={peer}", "folder": folder})
    while (report := node.ask("GET", f"/v1/torrents/{info_hash}")["torrent"])["state"] != "seeding":
        assert time.monotonic() < start + 120, report
        time.sleep(0.01)
    took = time.monotonic() - start, node.processor_time() - used
    node.ask("DELETE", f"/v1/torrents/{info_hash}?data=true")
    return took


def growth(node, seconds):
    """MiB from the median of the first third to that of the last."""
    memory = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        memory.append(node.allocated())
        time.sleep(0.5)
    third = len(memory) // 3
    return statistics.median(memory[-third:]) - statistics.median(memory[:third])


def main():
    swarmd = os.path.abspath(sys.argv[1])
    rounds, seconds = [*map(int, sys.argv[2:]), *(20, 90)[len(sys.argv) - 2:]]
    took = {False: [], True: []}
    with Node(swarmd, "127.0.0.1") as source, Node(swarmd, "127.0.0.2") as node:
        info_hash = source.seed("content", os.urandom(MIB << 20), ["127.0.0.2"])
        peer, door = (each.ask("GET", "/v1/status")["listen"][0] for each in (source, node))
        with beside("--knock", *door.rsplit(":", 1)):
            fetch(node, info_hash, peer, "first")  # it warms up
            for number in range(2 * rounds):
                # Turns that change places: what goes before what makes no difference.
                with_subscribers = number % 4 in (1, 2)
                with beside("--subscribe", node.socket) if with_subscribers else contextlib.nullcontext():
                    took[with_subscribers] += [fetch(node, info_hash, peer, number) for _ in range(IN_A_ROW)]
            with beside("--subscribe", node.socket):
                grown = growth(node, seconds)
    wall, processor = ({which: [each[at] for each in took[which]] for which in took} for at in (0, 1))
    ratio, load = (statistics.mean(each[False]) / statistics.mean(each[True]) for each in (wall, processor))
    doubt = sum(statistics.variance(each) / statistics.mean(each) ** 2 / len(each) for each in wall.values()) ** 0.5
    print(f"nobody        {MIB / statistics.mean(wall[False]):6.1f} MiB/s\n"
          f"{READERS + DEAF}, {DEAF} deaf   {MIB / statistics.mean(wall[True]):6.1f} MiB/s   "
          f"ratio {ratio:.3f} (standard error {doubt:.3f}; processor time {1 / load:.3f})\n"
          f"memory        {grown:+6.1f} MiB in {seconds} s")
    sys.exit(ratio < GOAL or grown > GROWTH)


if __name__ == "__main__":
    if sys.argv[1] == "--subscribe":
        subscribe(sys.argv[2])
    elif sys.argv[1] == "--knock":
        knock(*sys.argv[2:])
    else:
        main()
