"""What the cases share: scratch content, comparison, swarmctl as a process, a tracker on loopback."""

import fcntl
import hashlib
import http.server
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

CONTENT = "Größe и 数据"


class Failed(Exception):
    """A case did not show what it must."""


def wait_until(what, timeout, look):
    """Calls `look` until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"not within {timeout} s: {what}")
        time.sleep(0.05)


def raise_loopback():
    """Brings up `lo` in a network namespace of our own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


def free_port(address):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, 0))
        return s.getsockname()[1]


class Scratch:
    """A folder that goes with the case."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="interop-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def folder(self, name):
        path = os.path.join(self.path, name)
        os.makedirs(path, exist_ok=True)
        return path

    def content(self):
        """A folder with nested Unicode names, an empty file and files that share pieces; returns its parent."""
        parent = self.folder("original")
        generator = random.Random(20)
        for name, size in [("large.bin", 5_000_011), ("empty", 0), ("α/β/γ.bin", 70_001), ("α/δ", 1)]:
            path = os.path.join(parent, CONTENT, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(generator.randbytes(size))
        return parent


def tree(folder):
    """Every file below, with a hash of its bytes."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder)] = hashlib.sha256(f.read()).hexdigest()
    return found


def require_same(original, copy, without=()):
    """The copy has every file but `without`, with the same bytes, and no other file."""
    left, right = tree(os.path.join(original, CONTENT)), tree(os.path.join(copy, CONTENT))
    left = {path: digest for path, digest in left.items() if path not in without}
    if left != right:
        differing = sorted(path for path in left.keys() | right.keys() if left.get(path) != right.get(path))
        raise Failed(f"the copy differs in {differing}")


class Swarmctl:
    """A running swarmctl, and the events that it printed."""

    program = None

    def __init__(self, *arguments):
        self.arguments = arguments
        self.events = []
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [self.program, *arguments, "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if event.get("schemaVersion") != 1 or "event" not in event:
                raise Failed(f"not the JSON contract: {line!r}")
            self.events.append(event)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed(f"swarmctl {self.arguments[0]} did not stop within 10 s")
        self.errors.close()

    def find(self, event, **fields):
        for e in list(self.events):
            if e["event"] == event and all(e.get(k) == v for k, v in fields.items()):
                return e
        return None

    def wait_for(self, event, timeout=20, **fields):
        def look():
            found = self.find(event, **fields)
            if not found and self.process.poll() is not None:
                self.reader.join(5)
                found = self.find(event, **fields)
                if not found:
                    raise Failed(f"swarmctl {self.arguments[0]} ended: {self.describe()}")
            return found

        try:
            return wait_until(f"{event} {fields}", timeout, look)
        except Failed as e:
            raise Failed(f"{e}; {self.describe()}") from None

    def finish(self, timeout=60):
        """Waits for the end and returns the exit code."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"swarmctl {self.arguments[0]} did not end: {self.describe()}") from None
        self.reader.join(5)
        return code

    def describe(self):
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace").strip()
        return f"exit {self.process.poll()}, last events {self.events[-4:]}, said {said[-600:]!r}"


class Tracker:
    """The least of an HTTP tracker (BEP 3, BEP 23): tells everybody the same one peer."""

    def __init__(self, address, peer):
        host, port = peer
        packed = socket.inet_aton(host) + struct.pack(">H", port)
        tracker = self
        self.announces = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if urllib.parse.urlparse(self.path).path != "/announce":
                    self.send_error(404)
                    return
                tracker.announces += 1
                body = b"d8:intervali5e5:peers6:" + packed + b"e"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.url = f"http://{address}:{self.server.server_address[1]}/announce"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def with_tracker(torrent, url, target):
    """A copy of a .torrent that names a tracker, outside the info dictionary: the info-hash stays."""
    with open(torrent, "rb") as f:
        original = f.read()
    if not original.startswith(b"d") or b"8:announce" in original:
        raise Failed("the .torrent is not what swarmctl create writes")
    entry = b"8:announce%d:%s" % (len(url), url.encode())
    with open(target, "wb") as f:
        f.write(b"d" + entry + original[1:])  # "announce" sorts before "created by" and "info"
    return target
