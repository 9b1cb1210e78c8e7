"""Nodes and commands as processes."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

LIMIT = 60


class Wrong(Exception):
    """Something was not answered as it is."""


def eventually(what, look, limit=LIMIT):
    """What `look` returns, once that is something."""
    deadline = time.monotonic() + limit
    found = None
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise Wrong(f"within {limit} s there was not: {what}")


class Answer:
    """How a command ended, and what it said."""

    def __init__(self, done):
        self.status = done.returncode
        self.text = done.stdout
        self.notes = done.stderr
        self.lines = done.stdout.splitlines()

    def events(self, name):
        found = [json.loads(line) for line in self.lines if line.startswith("{")]
        for event in found:
            if event["schemaVersion"] != 1:
                raise Wrong(f"no schemaVersion: {event}")
        return [event for event in found if event["event"] == name]

    def event(self, name):
        found = self.events(name)
        if len(found) != 1:
            raise Wrong(f"{len(found)} {name} events: {self.text} {self.notes}")
        return found[0]


class Node:
    """A swarmd, its configuration, and the commands that ask it."""

    def __init__(self, programs, folder, address, port=0):
        self.programs, self.folder, self.address = programs, folder, address
        self.socket = f"{folder}/run/control.sock"
        self.config = f"{folder}/node.json"
        self.port = port
        self.process = None
        os.makedirs(folder, exist_ok=True)
        self.log = open(f"{folder}/log", "a", encoding="utf-8")

    def start(self):
        settings = {"Swarmd": {
            "Listen": [f"{self.address}:{self.port}"], "StateDirectory": f"{self.folder}/state",
            "ControlSocket": self.socket, "Log": {"Format": "json"}}}
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        self.process = subprocess.Popen(
            [f"{self.programs}/swarmd", "--config", self.config], stderr=self.log, stdin=subprocess.DEVNULL)
        eventually("a node that answers", lambda: self.ask("status").status == 0)
        listen = self.ask("status").event("status")["listen"]
        # The next start takes the same, so that the other side finds it again.
        self.port = int(listen[0].rsplit(":", 1)[1])
        return self

    @property
    def endpoint(self):
        return f"{self.address}:{self.port}"

    def end(self, number=signal.SIGTERM):
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(number)
        return self.process.wait(LIMIT)

    def command(self, *words, socket=True):
        where = ["--socket", self.socket] if socket else []
        return [f"{self.programs}/swarmctl", *words, *where]

    def run(self, *words, socket=True):
        """The answer for people."""
        return Answer(subprocess.run(
            self.command(*words, socket=socket), capture_output=True, text=True, timeout=LIMIT, check=False,
            stdin=subprocess.DEVNULL))

    def ask(self, *words):
        """The answer for programs."""
        return self.run(*words, "--json")

    def torrent(self, info_hash):
        return next((t for t in self.ask("list").events("torrent") if t["infoHash"] == info_hash), None)

    def wait_for(self, info_hash, state, limit=LIMIT):
        return eventually(
            f"{info_hash} {state} in {self.folder}: {self.torrent(info_hash)}",
            lambda: (t := self.torrent(info_hash)) and t["state"] == state and t, limit)

    def cause(self, info_hash):
        return self.ask("explain", info_hash).event("explanation")["explanation"]

    def wait_for_cause(self, info_hash, cause, limit=LIMIT):
        seen = set()

        def look():
            found = self.cause(info_hash)
            seen.add(found["cause"])
            return found["cause"] == cause and found
        try:
            return eventually(cause, look, limit)
        except Wrong as error:
            raise Wrong(f"{error}; explain said {seen}, {self.cause(info_hash)}") from None


def on_terminal(command, keys, until, limit=LIMIT):
    """Runs a command on a terminal of its own, presses keys once it shows `until`; its exit status and all it drew."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execv(command[0], command)
    drawn, pressed = "", False
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                some = os.read(terminal, 65536)
            except OSError:
                some = b""
            if not some:
                break
            drawn += some.decode("utf-8", "replace")
        if not pressed and re.search(until, drawn):
            os.write(terminal, keys)
            pressed = True
    else:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    return status, drawn
