"""The whole story of a fallback, between two nodes in processes of their own.

The mesh path has failed; B asks A, by a signal, to seed a job's file in a private swarm; A checks, seeds and answers; B
attaches, fetches and verifies. This program is the mesh: it carries the signals, or loses and doubles them. Each act
ends in the result that is stated for it, and with nothing left running, open or on disk that should not be.
"""

import base64
import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SIZE = 6_000_000
SLOW = 400_000  # bytes a second, after a burst of three: a transfer that can be caught half-way
PATIENCE = 60


def checksum(data):
    """FNV-1a, as the node computes it."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return format(value, "x")


CONTENT = random.Random(1).randbytes(SIZE)
CHECKSUM = checksum(CONTENT)


class Node:
    """A story node as a process, and what it said."""

    def __init__(self, program, folder, name, setup, news):
        self.name = name
        self.said = []
        self.news = news
        path = folder / f"{name}.json"
        path.write_text(json.dumps(setup))
        self.process = subprocess.Popen([program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            self.said.append(event)
            self.news.put((self, event))

    def tell(self, order, **fields):
        print(json.dumps({order: fields}), file=self.process.stdin, flush=True)

    def sockets(self):
        """How many TCP connections the process has, listening sockets left out."""
        own = set()
        for entry in os.scandir(f"/proc/{self.process.pid}/fd"):
            try:
                own.add(os.readlink(entry.path))
            except FileNotFoundError:
                pass
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return sum(1 for line in map(str.split, lines) if line[3] == "01" and f"socket:[{line[9]}]" in own)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends it, and says how it ended."""
        self.tell("stop")
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return status


class Story:
    """Two nodes, the mesh between them, and the folders that they use."""

    def __init__(self, program, **changes):
        self.program = program
        self.treatment = changes.pop("treatment", lambda kind: 1)
        self.changes = changes
        self.holder = tempfile.TemporaryDirectory(prefix="story-")
        self.folder = Path(self.holder.name)
        for name in ("share", "A", "B"):
            (self.folder / name).mkdir()
        (self.folder / "share" / "song.flac").write_bytes(CONTENT)
        self.news = queue.Queue()
        self.carried = []
        self.nodes = {}
        for name in "AB":
            self.nodes[name] = self.start(name)
        self.introduce()

    def start(self, name):
        job = {
            "id": "job", "contentID": "song", "sizeBytes": SIZE, "hash": CHECKSUM,
            "files": {"v": str(self.folder / "share" / "song.flac")} if name == "A" else {},
            "participants": self.changes.get("participants", ["A", "B"]),
        }
        setup = {
            "peerID": name, "listen": "127.0.0.1:0" if name == "A" else "127.0.0.2:0",
            "downloads": str(self.folder / name), "shareRoots": [str(self.folder / "share")], "isEnabled": True,
            "allowsPeers": True, "ttlSeconds": 120, "uploadLimit": 0, "job": job,
        }
        setup.update(self.changes.get(name, {}))
        node = Node(self.program, self.folder, name, setup, self.news)
        node.endpoints = self.run(lambda who, event: who is node and event["event"] == "ready")["endpoints"]
        return node

    def introduce(self):
        """The mesh tells each node where the other one is."""
        a, b = self.nodes["A"], self.nodes["B"]
        a.tell("join", peer="B", endpoints=b.endpoints)
        b.tell("join", peer="A", endpoints=a.endpoints)

    def restart(self, name):
        self.nodes[name] = self.start(name)
        self.introduce()

    def run(self, until, patience=PATIENCE):
        """Carries signals until a node says something for which `until(node, event)` is true."""
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            try:
                node, event = self.news.get(timeout=left)
            except queue.Empty:
                break
            if event["event"] == "send" and node in self.nodes.values():
                self.carry(node.name, event)
            if until(node, event):
                return event
        raise AssertionError(f"not within {patience} s; B said {self.nodes['B'].said[-3:]}")

    def carry(self, sender, event):
        kind = json.loads(base64.b64decode(event["envelope"]))["type"].split(".")[-1]
        copies = self.treatment(kind)
        self.carried.append((kind, copies))
        for _ in range(copies):
            self.nodes[event["to"]].tell("receive", **{"from": sender, "envelope": event["envelope"]})

    def request(self, variant="v"):
        self.nodes["B"].tell("request", peer="A", variant=variant)

    def outcome(self):
        return self.run(lambda node, event: node.name == "B" and event["event"] in ("fetched", "failed"))

    def state(self, name):
        self.nodes[name].tell("state")
        return self.run(lambda node, event: node.name == name and event["event"] == "state")

    def wait_for_rest(self):
        """Until nothing is held, answered or connected any more."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            state = self.state("A")
            if state["held"] == 0 and state["answering"] == 0 and self.nodes["A"].sockets() == 0:
                break
            time.sleep(0.05)
        for name in "AB":
            state = self.state(name)
            assert (state["held"], state["answering"]) == (0, 0), f"{name} still holds: {state}"
            assert self.nodes[name].sockets() == 0, f"{name} is still connected"

    def end(self, on_disk):
        """Nothing is left but what is listed, and both end well."""
        self.wait_for_rest()
        found = sorted(str(path.relative_to(self.folder / "B")) for path in (self.folder / "B").rglob("*"))
        assert found == on_disk, f"in B's folder: {found}"
        assert not list((self.folder / "A").rglob("*")), "in A's folder: something"
        assert (self.folder / "share" / "song.flac").read_bytes() == CONTENT
        for node in self.nodes.values():
            assert node.stop() == 0, f"{node.name} ended badly"
        self.holder.cleanup()

    def abandon(self):
        for node in self.nodes.values():
            if node.process.poll() is None:
                node.kill()
        self.holder.cleanup()

    def expect_file(self, outcome):
        assert outcome["event"] == "fetched", outcome
        assert Path(outcome["path"]).read_bytes() == CONTENT, "the copy differs"


def good(story):
    story.request()
    story.expect_file(story.outcome())
    mesh = next(event for event in story.nodes["B"].said if event["event"] == "mesh")
    assert (mesh["detail"], mesh["code"]) == ("failed", "network"), mesh
    story.end(["song.flac"])


def ack_lost(story):
    story.request()
    outcome = story.outcome()
    assert (outcome["event"], outcome.get("code")) == ("failed", "timedOut"), outcome
    story.end([])


def request_twice(story):
    story.request()
    story.expect_file(story.outcome())
    acks = [kind for kind, _ in story.carried if kind == "RequestBtFallbackAck"]
    assert len(acks) == 1, f"A answered {len(acks)} times"
    assert story.state("A")["drops"].get("duplicate", 0) >= 1
    story.end(["song.flac"])


def refused(reason):
    def act(story):
        story.request()
        outcome = story.outcome()
        assert (outcome["event"], outcome.get("code"), outcome.get("detail")) == ("failed", "refused", reason), outcome
        story.end([])
    return act


def unknown_variant(story):
    story.request("w")
    outcome = story.outcome()
    assert outcome.get("detail") == "unknown-job-or-variant", outcome
    story.end([])


def half_way(story):
    def is_half_way(node, event):
        return node.name == "B" and event["event"] == "progress" and event.get("bytes", 0) > SIZE // 4
    story.run(is_half_way)


def killed(story):
    story.request()
    half_way(story)
    story.nodes["A"].kill()
    story.restart("A")
    story.nodes["B"].tell("cancel")
    outcome = story.outcome()
    assert outcome.get("code") == "cancelled", outcome
    before = len(story.nodes["B"].said)
    story.request()
    story.expect_file(story.outcome())
    first = next(event["bytes"] for event in story.nodes["B"].said[before:] if event["event"] == "progress"
                 and event.get("bytes"))
    assert first > SIZE // 8, f"B began again from {first} bytes"
    story.end(["song.flac"])


def cancelled(story):
    story.request()
    half_way(story)
    story.nodes["B"].tell("cancel")
    outcome = story.outcome()
    assert outcome.get("code") == "cancelled", outcome
    story.wait_for_rest()
    assert any(kind == "JobCancel" for kind, _ in story.carried), "A was not told"
    # What is verified stays for the next try, with the record that says so.
    left = sorted(path.name for path in (story.folder / "B").iterdir())
    assert left == [".song.flac.fetch", "song.flac"], left
    for node in story.nodes.values():
        assert node.stop() == 0
    story.holder.cleanup()


ACTS = {
    "the mesh fails, the fallback succeeds": (good, {}),
    "the answer is lost": (
        ack_lost,
        {"treatment": lambda kind: 0 if kind == "RequestBtFallbackAck" else 1, "B": {"ttlSeconds": 4}}),
    "the request comes twice": (request_twice, {"treatment": lambda kind: 2 if kind == "RequestBtFallback" else 1}),
    "every signal comes three times": (good, {"treatment": lambda kind: 3}),
    "the policy refuses": (refused("security-denied"), {"A": {"allowsPeers": False}}),
    "the variant is unknown": (unknown_variant, {}),
    "the asker takes no part": (refused("unknown-job-or-variant"), {"participants": ["A"]}),
    "the backend is disabled": (refused("bt-backend-disabled"), {"A": {"isEnabled": False}}),
    "A is killed half-way and comes back": (killed, {"A": {"uploadLimit": SLOW}}),
    "the job is cancelled half-way": (cancelled, {"A": {"uploadLimit": SLOW}}),
}


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/debug/StoryNode")
    wanted = sys.argv[2:]
    failed = 0
    for name, (act, changes) in ACTS.items():
        if wanted and not any(word in name for word in wanted):
            continue
        started = time.monotonic()
        story = None
        try:
            story = Story(program, **dict(changes))
            act(story)
            verdict = "ok"
        except (AssertionError, queue.Empty, subprocess.TimeoutExpired) as problem:
            failed += 1
            verdict = f"FAILED: {problem!r}"
            if story:
                story.abandon()
        print(f"{name:40} {time.monotonic() - started:5.1f} s  {verdict}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
