"""A swarmd to measure: its configuration, its control socket, and what it takes of the machine."""

import base64
import hashlib
import http.client
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PIECE = 1 << 18


def torrent_of(name, content):
    """A v1 .torrent of one file (BEP 3)."""
    pieces = b"".join(hashlib.sha1(content[at:at + PIECE]).digest() for at in range(0, len(content), PIECE))

    def text(value):
        return b"%d:%s" % (len(value), value)

    info = b"d6:lengthi%de4:name%s12:piece lengthi%de6:pieces%s7:privatei1ee" % (
        len(content), text(name.encode()), PIECE, text(pieces))
    return b"d4:info%se" % info, hashlib.sha1(info).hexdigest()


class Client(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, path):
        super().__init__("node", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Node:
    """A process of swarmd in a folder of its own."""

    def __init__(self, swarmd, address):
        self.folder = tempfile.mkdtemp(prefix="node-")
        self.socket = f"{self.folder}/run/control.sock"
        config = f"{self.folder}/node.json"
        with open(config, "w") as file:
            json.dump({"Swarmd": {"Listen": [f"{address}:0"], "StateDirectory": f"{self.folder}/state",
                                  "ControlSocket": self.socket}}, file)
        self.log = open(f"{self.folder}/log", "w")
        self.process = subprocess.Popen([swarmd, "--config", config], stderr=self.log)

    def __enter__(self):
        for _ in range(500):
            try:
                self.raw("GET", "/readyz")
                return self
            except (OSError, AssertionError):
                time.sleep(0.02)
        self.__exit__()
        sys.exit("swarmd is not ready")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)

    def raw(self, method, target, body=None):
        client = Client(self.socket)
        client.request(method, target, json.dumps(body) if body is not None else None)
        answer = client.getresponse()
        content = answer.read()
        client.close()
        assert answer.status < 300, f"{method} {target}: {answer.status} {content!r}"
        return content

    def ask(self, method, target, body=None):
        content = self.raw(method, target, body)
        return json.loads(content) if content else None

    def seed(self, name, content, members):
        """Shares bytes, and returns their info-hash."""
        folder = f"{self.folder}/content"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{name}", "wb") as file:
            file.write(content)
        torrent, info_hash = torrent_of(name, content)
        self.ask("POST", "/v1/torrents", {"torrent": base64.b64encode(torrent).decode(), "folder": folder,
                                          "members": members, "role": "seed"})
        return info_hash

    def processor_time(self):
        """Seconds, of all threads."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        """MiB."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / (1 << 20)

    def allocated(self):
        """MiB that are resident and no file's."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:")) / 1024
