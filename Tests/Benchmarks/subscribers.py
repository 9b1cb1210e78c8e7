#!/usr/bin/env python3
"""What 100 event streams cost a transfer: Tests/Benchmarks/subscribers.py SWARMD [ROUNDS [MIB]]

A node fetches from another, in turns: with nobody subscribed to its events, and with 100 subscribers, of which 5 never
read and come back when they are cut. All the while strangers knock, so that there is something to tell. Goal: a median
rate of at least 0.95 of that without, and memory that does not grow with the rounds. Exit 0 where both are met.
"""

import os
import select
import socket
import statistics
import subprocess
import sys
import time

from node import Node

READERS, DEAF, KNOCKS, GOAL = 95, 5, 100, 0.95


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
    number = 0
    while True:
        number += 1
        stranger = socket.socket()
        stranger.bind((f"127.9.{number // 250 % 250}.{number % 250 + 1}", 0))
        stranger.setblocking(False)
        stranger.connect_ex((address, int(port)))
        time.sleep(1 / KNOCKS)
        stranger.close()


def run_beside(*words):
    return subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), *words], stdout=subprocess.PIPE, text=True)


def fetch(node, info_hash, peer, name):
    """MiB a second, from the request to the last byte; the torrent goes again."""
    folder = f"{node.folder}/in-{name}"
    start = time.monotonic()
    node.ask("POST", "/v1/torrents", {"invite": f"magnet:?xt=urn:btih:{info_hash}&x.pe={peer}", "folder": folder})
    while (report := node.ask("GET", f"/v1/torrents/{info_hash}")["torrent"])["state"] != "seeding":
        assert time.monotonic() < start + 120, report
        time.sleep(0.01)
    took = time.monotonic() - start
    node.ask("DELETE", f"/v1/torrents/{info_hash}?data=true")
    return report["sizeBytes"] / (1 << 20) / took


def main():
    swarmd = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 512
    rates, memory = {False: [], True: []}, []
    with Node(swarmd, "127.0.0.1") as source, Node(swarmd, "127.0.0.2") as node:
        info_hash = source.seed("content", os.urandom(size << 20), ["127.0.0.2"])
        peer, door = (each.ask("GET", "/v1/status")["listen"][0] for each in (source, node))
        fetch(node, info_hash, peer, "first")  # it warms up
        strangers = run_beside("--knock", *door.rsplit(":", 1))
        for number in range(2 * rounds):
            # Turns that change places: what goes before what makes no difference.
            with_subscribers = number % 4 in (1, 2)
            if with_subscribers:
                crowd = run_beside("--subscribe", node.socket)
                assert crowd.stdout.readline() == "ready\n"
            rates[with_subscribers].append(fetch(node, info_hash, peer, number))
            if with_subscribers:
                memory.append(node.resident())
                assert crowd.poll() is None, "the subscribers ended"
                crowd.terminate()
                crowd.wait()
        strangers.terminate()
        strangers.wait()
    without, beside = (statistics.median(rates[which]) for which in (False, True))
    print(f"without subscribers  {without:7.1f} MiB/s   with {READERS + DEAF}, {DEAF} deaf  {beside:7.1f} MiB/s   "
          f"ratio {beside / without:.3f}")
    half = len(memory) // 2
    growth = statistics.median(memory[half:]) - statistics.median(memory[:half])
    print(f"resident             {statistics.median(memory):7.1f} MiB     later rounds {growth:+.1f} MiB")
    sys.exit(beside < GOAL * without or growth > 16)


if __name__ == "__main__":
    if sys.argv[1] == "--subscribe":
        subscribe(sys.argv[2])
    elif sys.argv[1] == "--knock":
        knock(*sys.argv[2:])
    main()
