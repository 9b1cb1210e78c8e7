"""Clients that nobody here wrote. Each runs on one loopback address, with DHT, PEX and local discovery off."""

import base64
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import libtorrent

from support import Failed, free_port, wait_until


class Program:
    """A client that is a process. `seed` and `leech` return once it runs; `wait` returns once it has everything."""

    def __init__(self, address, scratch):
        self.address = address
        self.port = free_port(address)
        self.home = scratch.folder(f"home-{address}")
        self.process = None

    def launch(self, *arguments):
        self.log = open(os.path.join(self.home, "log"), "wb")
        environment = {**os.environ, "HOME": self.home, "XDG_CONFIG_HOME": self.home, "no_proxy": "*"}
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment)

    def said(self):
        with open(os.path.join(self.home, "log"), "rb") as f:
            return f.read().decode(errors="replace")[-800:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(3)  # transmission waits longer, for trackers that it does not have
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.log.close()


class Transmission(Program):
    """transmission-daemon. It dials no loopback address that it is told of, but takes those that dial it."""

    def start(self):
        self.control = free_port("127.0.0.1")
        settings = {
            "bind-address-ipv4": self.address, "bind-address-ipv6": "::1", "peer-port": self.port,
            "peer-port-random-on-start": False, "rpc-bind-address": "127.0.0.1", "rpc-port": self.control,
            "rpc-whitelist-enabled": False, "rpc-host-whitelist-enabled": False, "dht-enabled": False,
            "lpd-enabled": False, "pex-enabled": False, "utp-enabled": False, "port-forwarding-enabled": False,
        }
        with open(os.path.join(self.home, "settings.json"), "w") as f:
            json.dump(settings, f)
        self.session = ""
        self.launch("transmission-daemon", "--foreground", "--config-dir", self.home)
        wait_until("transmission answers", 15, self._answers)

    def _answers(self):
        try:
            return self._call("session-get")
        except OSError:
            return None

    def _call(self, method, **arguments):
        for _ in range(2):
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.control}/transmission/rpc",
                json.dumps({"method": method, "arguments": arguments}).encode(),
                {"X-Transmission-Session-Id": self.session})
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    reply = json.load(answer)
                    if reply["result"] != "success":
                        raise Failed(f"transmission: {method}: {reply['result']}")
                    return reply["arguments"]
            except urllib.error.HTTPError as e:
                if e.code != 409:
                    raise
                self.session = e.headers["X-Transmission-Session-Id"]
        raise Failed("transmission gives no session")

    def _add(self, torrent, folder):
        with open(torrent, "rb") as f:
            text = base64.b64encode(f.read()).decode()
        added = self._call("torrent-add", **{"metainfo": text, "download-dir": folder})
        self.id = added["torrent-added"]["id"]

    def _torrent(self):
        fields = ["status", "percentDone", "leftUntilDone", "errorString", "rateDownload"]
        return self._call("torrent-get", ids=[self.id], fields=fields)["torrents"][0]

    def leech(self, torrent, into):
        self.start()
        self._add(torrent, into)

    def seed(self, torrent, data):
        self.start()
        self._add(torrent, data)
        self._call("torrent-verify", ids=[self.id])
        self.wait()
        wait_until("transmission seeds", 20, lambda: self._torrent()["status"] == 6)

    def wait(self, timeout=60):
        try:
            wait_until("transmission has everything", timeout, lambda: self._torrent()["percentDone"] == 1)
        except Failed as e:
            raise Failed(f"{e}: {self._torrent()} {self.said()}") from None


class Aria2(Program):
    """aria2c, told its peers by a tracker."""

    def _run(self, torrent, folder, *more):
        self.launch(
            "aria2c", "--no-conf", "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false",
            "--enable-peer-exchange=false", "--disable-ipv6=true", f"--interface={self.address}",
            f"--listen-port={self.port}", f"--dir={folder}", "--allow-overwrite=true", "--file-allocation=none",
            "--console-log-level=notice", "--summary-interval=0", *more, torrent)

    def leech(self, torrent, into):
        self._run(torrent, into, "--seed-time=0")

    def wait(self, timeout=60):
        """It ends when it has everything."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"aria2 is not done within {timeout} s: {self.said()}") from None
        if code != 0:
            raise Failed(f"aria2 ended with {code}: {self.said()}")

    def seed(self, torrent, data):
        self._run(torrent, data, "--check-integrity=true", "--seed-ratio=0.0")
        wait_until("aria2 seeds", 20, lambda: "Seeding is in progress" in self.said() or self._listens())

    def _listens(self):
        with open("/proc/net/tcp") as f:
            return any(line.split()[1].endswith(f":{self.port:04X}") and line.split()[3] == "0A" for line in f)


class QBittorrent(Program):
    """qbittorrent-nox, driven by its web API."""

    def start(self):
        self.control = free_port("127.0.0.1")
        folder = os.path.join(self.home, "qBittorrent", "config")
        os.makedirs(folder)
        with open(os.path.join(folder, "qBittorrent.conf"), "w") as f:
            f.write("\n".join([
                "[LegalNotice]", "Accepted=true", "[Preferences]", "WebUI\\LocalHostAuth=false",
                "WebUI\\Address=127.0.0.1", f"WebUI\\Port={self.control}", "WebUI\\CSRFProtection=false",
                "WebUI\\HostHeaderValidation=false", "[BitTorrent]", f"Session\\Port={self.port}",
                f"Session\\InterfaceAddress={self.address}", "Session\\DHTEnabled=false", "Session\\LSDEnabled=false",
                "Session\\PeXEnabled=false", "Session\\BTProtocol=TCP", "Session\\QueueingSystemEnabled=false",
                "[Network]", "PortForwardingEnabled=false", ""]))
        self.launch("qbittorrent-nox", f"--profile={self.home}", f"--webui-port={self.control}")
        wait_until("qbittorrent answers", 30, self._answers)

    def _answers(self):
        try:
            return self._get("app/version")
        except OSError:
            return None

    def _get(self, method):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control}/api/v2/{method}", timeout=5) as answer:
            return answer.read().decode()

    def _post(self, method, fields, files=()):
        boundary = "----interop"
        body = b""
        for name, value in fields.items():
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for path in files:
            body += (f'--{boundary}\r\nContent-Disposition: form-data; name="torrents"; filename="a.torrent"\r\n'
                     "Content-Type: application/x-bittorrent\r\n\r\n").encode()
            with open(path, "rb") as f:
                body += f.read() + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.control}/api/v2/{method}", body,
            {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def _torrent(self):
        torrents = json.loads(self._get("torrents/info"))
        return torrents[0] if torrents else None

    def _add(self, reference, folder):
        fields = {"savepath": folder, "root_folder": "true", "contentLayout": "Original", "autoTMM": "false"}
        if reference.startswith("magnet:"):
            self._post("torrents/add", {**fields, "urls": reference})
        else:
            self._post("torrents/add", fields, [reference])
        self.hash = wait_until("qbittorrent has the torrent", 15, self._torrent)["hash"]

    def leech(self, reference, into):
        """From a .torrent or a magnet; then told of its peer, as a user would in its window."""
        self.start()
        self._add(reference, into)

    def add_peer(self, peer):
        form = urllib.parse.urlencode({"hashes": self.hash, "peers": peer}).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.control}/api/v2/torrents/addPeers", form, timeout=10).close()

    def seed(self, torrent, data):
        self.start()
        self._add(torrent, data)
        self.wait()

    def wait(self, timeout=60):
        def look():
            torrent = self._torrent()
            return torrent["progress"] == 1 and "checking" not in torrent["state"] and torrent["state"] != "metaDL"

        try:
            wait_until("qbittorrent has everything", timeout, look)
        except Failed as e:
            raise Failed(f"{e}: {self._torrent()} {self.said()}") from None


class Stock:
    """libtorrent with its default plugins, ut_metadata among them, through its Python binding."""

    def __init__(self, address, _scratch=None):
        self.address = address
        self.port = free_port(address)
        self.session = libtorrent.session({
            "listen_interfaces": f"{address}:{self.port}", "outgoing_interfaces": address, "enable_dht": False,
            "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False, "enable_outgoing_utp": False,
            "enable_incoming_utp": False, "allow_multiple_connections_per_ip": True, "min_reconnect_time": 1})
        self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.handle:
            self.session.remove_torrent(self.handle)
        del self.session

    def leech(self, reference, into):
        if reference.startswith("magnet:"):
            parameters = libtorrent.parse_magnet_uri(reference)
        else:
            parameters = libtorrent.add_torrent_params()
            parameters.ti = libtorrent.torrent_info(reference)
        parameters.save_path = into
        self.handle = self.session.add_torrent(parameters)

    def seed(self, torrent, data):
        self.leech(torrent, data)
        self.wait()

    def add_peer(self, peer):
        host, port = peer.rsplit(":", 1)
        self.handle.connect_peer((host, int(port)))

    def has_metadata(self):
        return self.handle.status().has_metadata

    def wait(self, timeout=60):
        try:
            wait_until("libtorrent has everything", timeout, lambda: self.handle.status().is_seeding)
        except Failed as e:
            status = self.handle.status()
            raise Failed(f"{e}: {status.state}, {status.total_done} bytes, {status.num_peers} peers") from None
        time.sleep(0.2)  # for what is still to be written
