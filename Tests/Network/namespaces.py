"""Network namespaces of a test's own, and captures in them. Needs root."""

import contextlib
import ctypes
import dataclasses
import json
import os
import queue
import socket
import struct
import subprocess
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33


class Failed(Exception):
    """What the test looks for is not so."""


def check(holds, what):
    if not holds:
        raise Failed(what)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def may_make_namespaces():
    return subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL).returncode == 0


class Namespace:
    """A network namespace; gone, with its interfaces, when the test is."""

    def __init__(self, name):
        self.name = f"clt-{os.getpid()}-{name}"
        ip("netns", "add", self.name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        ip("-n", self.name, *words)

    def delete(self):
        subprocess.run(["ip", "netns", "delete", self.name], check=False)

    @contextlib.contextmanager
    def entered(self):
        """This thread is in it: sockets that it makes and processes that it starts are too."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            self._enter(there)
            try:
                yield
            finally:
                self._enter(home)

    @staticmethod
    def _enter(file):
        if LIBC.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


@dataclasses.dataclass
class Packet:
    """TCP or UDP; the kernel's own ARP, ND and MLD are not kept."""

    at: float  # time.time() when the kernel had it
    is_outgoing: bool
    is_syn: bool
    payload: int  # bytes
    ports: frozenset  # which connection


class Capture:
    """What passes an interface."""

    def __init__(self, namespace, interface):
        with namespace.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
            self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
            self.socket.bind((interface, ETH_P_ALL))
        self.socket.settimeout(0.2)
        self.packets = []
        self._running = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while self._running:
            try:
                data, ancillary, _, (_, protocol, kind, *_) = self.socket.recvmsg(128, 64)
            except (TimeoutError, InterruptedError):
                continue
            except OSError:  # the interface is down
                time.sleep(0.01)
                continue
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
            if packet := self._parse(protocol, data, seconds + nanoseconds / 1e9, kind == socket.PACKET_OUTGOING):
                self.packets.append(packet)

    @staticmethod
    def _parse(protocol, data, at, is_outgoing):
        if protocol == 0x0800 and len(data) >= 20:
            header, length, transport = (data[0] & 15) * 4, int.from_bytes(data[2:4], "big"), data[9]
        elif protocol == 0x86DD and len(data) >= 40:
            header, length, transport = 40, 40 + int.from_bytes(data[4:6], "big"), data[6]
        else:
            return None
        if transport not in (6, 17) or len(data) < header + 20:
            return None
        is_syn, transport_header = False, 8
        if transport == 6:
            is_syn, transport_header = bool(data[header + 13] & 2), (data[header + 12] >> 4) * 4
        ports = frozenset(struct.unpack_from("!HH", data, header))
        return Packet(at, is_outgoing, is_syn, length - header - transport_header, ports)

    def outgoing(self):
        time.sleep(0.3)
        return [packet for packet in self.packets if packet.is_outgoing]

    def stop(self):
        self._running = False
        self._thread.join()
        self.socket.close()


class Swarmctl:
    """A swarmctl process in a namespace, and its JSON events."""

    def __init__(self, binary, namespace, *words, preexec=None, log=subprocess.DEVNULL):
        with namespace.entered() if namespace else contextlib.nullcontext():
            self.process = subprocess.Popen(
                [binary, *words, "--json"], stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=preexec)
        self.words = words
        self.events = []
        self._fresh = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            event["at"] = time.monotonic()
            self.events.append(event)
            self._fresh.put(event)
        self._fresh.put(None)

    def wait(self, kind, seconds=30, **fields):
        """The next event of that kind with those fields that has not been waited past."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                event = self._fresh.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise Failed(f"no {kind} {fields} of {self.words[0]} in {seconds} s; "
                             f"the last: {self.events[-3:]}") from None
            if event is None:
                raise Failed(f"{self.words[0]} ended before {kind} {fields}: {self.events[-1:]}")
            if event["event"] == kind and all(event.get(k) == v for k, v in fields.items()):
                return event

    def done_bytes(self):
        return max((e["doneBytes"] for e in self.events if e["event"] == "progress"), default=0)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._thread.join()
        return self.process.wait()


def run_cases(cases):
    """Runs each `(name, function)`; the exit status."""
    failed = 0
    for name, case in cases:
        started = time.monotonic()
        try:
            said = case()
        except Failed as failure:
            failed += 1
            print(f"FAILED  {name}: {failure}", flush=True)
        else:
            print(f"ok      {name} ({time.monotonic() - started:.1f} s){': ' + said if said else ''}", flush=True)
    return 1 if failed else 0


def skip(reason):
    print(f"SKIPPED {os.path.basename(sys.argv[0])}: {reason}", flush=True)
    sys.exit(0)
