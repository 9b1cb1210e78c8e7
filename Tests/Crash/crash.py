"""A node is killed at random moments and started again, many times: see Tests/Crash/run."""

import argparse
import hashlib
import json
import os
import queue
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

KIB = 1024
STAGES = ["adding", "metadata", "downloading", "saving", "finishing", "moving", "renaming", "removing"]
SEED, NODE = "127.0.0.1", "127.0.0.2"


class Died(Exception):
    """The node ended although nobody killed it."""


class Node:
    """A CrashNode, and what it has said."""

    def __init__(self, program, state, listen, save_ms):
        self.process = subprocess.Popen(
            [program, state, listen, str(save_ms)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def wait(self, event, limit=60, **fields):
        """The next thing of that kind that it says; what it says before is in `seen`."""
        deadline = time.monotonic() + limit
        while True:
            try:
                said = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Died(f"no {event} {fields} within {limit} s; said: {self.seen[-5:]}") from None
            if said is None:
                raise Died(f"it ended by itself with {self.process.wait()}; said: {self.seen[-5:]}")
            self.seen.append(said)
            if said["event"] == event and all(said.get(key) == value for key, value in fields.items()):
                return said

    def wait_for_save(self, info_hash):
        """A torrent is whole for the store once that is saved."""
        self.tell("save", info_hash)
        self.status(info_hash)

    def drain(self):
        while not self.lines.empty():
            said = self.lines.get()
            if said is not None:
                self.seen.append(said)
        return self.seen

    def status(self, info_hash):
        self.tell("status", info_hash)
        return self.wait("status", infoHash=info_hash)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.tell("stop")
        self.wait("ended")
        return self.process.wait()


class Content:
    """Something that the seed has, and the node fetches."""

    def __init__(self, path, info_hash, size, files):
        self.path, self.info_hash, self.size = path, info_hash, size
        self.files = files  # below the save folder, in the torrent's order
        self.names = {}  # of those that the node renamed
        self.renaming = {}  # an order to do that which it has not answered
        self.folder = None  # where the node has it
        self.is_kept = False  # said to be added, and not said to be removed
        self.was_doubtful = False  # an order to add or remove was under way when the node was killed

    def source(self, index):
        return os.path.join(os.path.dirname(self.path), self.files[index])


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_content(folder, generator):
    """One large file, a folder of many, and a small one."""
    def write(name, size):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(generator.randbytes(size))

    write("large", 12 << 20)
    for number in range(40):
        write(f"folder/{number % 5}/file {number}", generator.randrange(0, 400 * KIB))
    write("small", 3 << 20)
    return [os.path.join(folder, name) for name in ("large", "folder", "small")]


class Run:
    def __init__(self, program, folder, seed):
        self.program, self.folder = program, folder
        self.random = random.Random(seed)
        self.table = {stage: {"rounds": 0, "reused": 0} for stage in STAGES}
        self.state, self.downloads = f"{folder}/state", f"{folder}/downloads"
        self.elsewhere = folder  # where it moves to
        self.seed = Node(program, f"{folder}/seed-state", f"{SEED}:0", 30000)
        self.peer = self.seed.wait("ready")["listen"]
        self.contents, self.moves, self.renames = [], 0, 0
        for path in write_content(f"{folder}/content", self.random):
            self.seed.tell("seed", path, NODE)
            said = self.seed.wait("seeding")
            self.seed.tell("limit", said["infoHash"], 6 << 20)
            self.contents.append(Content(path, said["infoHash"], said["bytes"], said["files"].split("\n")))

    def start(self):
        node = Node(self.program, self.state, f"{NODE}:0", 200)
        node.opened = node.wait("opened")
        ready = node.wait("ready")
        kept = {said["infoHash"]: said for said in node.seen if said["event"] == "kept"}
        for content in self.contents:
            is_there = content.info_hash in kept
            if not content.was_doubtful:
                assert is_there == content.is_kept, f"{content.path}: kept {is_there}, not {content.is_kept}"
            content.is_kept, content.was_doubtful = is_there, False
            names = {said["file"]: said["path"] for said in node.seen
                     if said["event"] == "named" and said["infoHash"] == content.info_hash}
            if is_there:
                assert names in (content.names, content.names | content.renaming), f"{content.path}: named {names}"
            content.names, content.renaming = names, {}
            if is_there:
                content.folder = kept[content.info_hash]["folder"]
                assert kept[content.info_hash]["members"] == 1, f"{content.path}: its members are gone"
        assert ready["failures"] == 0, [said for said in node.seen if said["event"] == "notRestored"]
        assert node.opened["problems"] == 0, "a file of the state directory was broken"
        return node

    def on_disk(self, content):
        """What is there, hashed by another process that knows nothing of the state."""
        torrent = f"{self.state}/torrents/{content.info_hash}.torrent"
        if not os.path.exists(torrent):
            return 0
        names = [f"{index}={path}" for index, path in self.names_on_disk(content).items()]
        said = subprocess.run([self.program, "verify", torrent, content.folder, *names], check=True,
                              capture_output=True)
        return json.loads(said.stdout)["bytes"]

    def names_on_disk(self, content):
        """Of files that were renamed, as the node was told, whatever its state says; of one that was cut off, the name
        that it has."""
        found = {index: path for index, path in content.renaming.items()
                 if os.path.exists(f"{content.folder}/{path}")}
        return content.names | found

    def add(self, node, content):
        content.was_doubtful, content.folder = True, self.downloads
        node.tell("fetch", content.info_hash, self.downloads, self.peer)

    def added(self, node, content):
        node.wait("added", infoHash=content.info_hash)
        content.is_kept, content.was_doubtful = True, False

    def remove(self, node, content):
        """Out of the state, and then off the disk."""
        if content.is_kept:
            node.tell("remove", content.info_hash)
            node.wait("removed", infoHash=content.info_hash)
        content.is_kept = content.was_doubtful = False
        self.delete(content)
        content.names, content.renaming = {}, {}

    def folders_of(self, content):
        """Where it may be: a move that was cut off leaves files in both folders."""
        return {self.downloads, content.folder or self.downloads}

    def delete(self, content):
        name = os.path.basename(content.path)
        for folder in self.folders_of(content):
            renamed = [path.split("/")[0] for path in (content.names | content.renaming).values()]
            for path in (f"{folder}/{each}" for each in (name, f".{name}.fetch", *renamed)):
                shutil.rmtree(path, ignore_errors=True)
                if os.path.isfile(path):
                    os.unlink(path)

    def verified(self, node, content, share, limit=60):
        """Waits until that much of it is verified."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            status = node.status(content.info_hash)
            if status["state"] != "absent" and content.size * share <= status["verified"]:
                return
            time.sleep(0.01)
        raise Died(f"{content.path} came no further: {status}")

    def reach(self, node, stage, content):
        """Brings the node to the moment at which it is killed."""
        if stage not in ("moving", "removing") and not (stage == "renaming" and self.random.random() < 0.5):
            whole = content.is_kept and node.status(content.info_hash).get("state") == "seeding"
            if stage == "adding" or whole:
                self.remove(node, content)
            if not content.is_kept:
                self.add(node, content)
                if stage != "adding":
                    self.added(node, content)
        if stage == "adding":
            time.sleep(self.random.uniform(0, 0.03))
        elif stage == "metadata":
            time.sleep(self.random.uniform(0, 0.06))
        elif stage == "downloading":
            time.sleep(self.random.uniform(0.1, content.size / (6 << 20)))
        elif stage == "saving":
            self.verified(node, content, self.random.uniform(0.1, 0.7))
            for _ in range(self.random.randrange(1, 4)):
                node.tell("save", content.info_hash)
            time.sleep(self.random.uniform(0, 0.02))
        elif stage == "finishing":
            self.verified(node, content, 0.9)
            time.sleep(self.random.uniform(0, 0.25))
        elif stage == "moving":
            if not content.is_kept:
                self.add(node, content)
                self.added(node, content)
            self.verified(node, content, 1.0)
            node.wait_for_save(content.info_hash)
            self.moves += 1
            node.tell("move", content.info_hash, f"{self.elsewhere}/moved-{self.moves}")
            time.sleep(self.random.uniform(0, 0.06))
        elif stage == "renaming":
            if not content.is_kept:
                self.add(node, content)
                self.added(node, content)
            self.verified(node, content, self.random.uniform(0.01, 1.0))
            self.renames += 1
            index = self.random.randrange(len(content.files))
            name = f"renamed-{self.renames}"
            if "/" in content.files[index]:
                folder = self.random.choice(["", f"{name}/", "0/"])
                name = f"{os.path.basename(content.path)}/{folder}{name}"
            content.renaming = {index: name}
            node.tell("rename", content.info_hash, index, name)
            time.sleep(self.random.uniform(0, 0.06))
        elif stage == "removing":
            if not content.is_kept:
                self.add(node, content)
                self.added(node, content)
            time.sleep(self.random.uniform(0, 0.5))
            content.was_doubtful = True
            node.tell("remove", content.info_hash)
            time.sleep(self.random.uniform(0, 0.02))

    def round(self, number, stage):
        """One kill, and what must hold after it."""
        content = self.random.choice(self.contents)
        node = self.start()
        self.reach(node, stage, content)
        node.kill()
        for said in node.drain():
            if said["event"] == "removed" and said["infoHash"] == content.info_hash and stage == "removing":
                content.is_kept, content.was_doubtful = False, False
            if said["event"] == "renamed" and said["path"] in content.renaming.values():
                content.names, content.renaming = content.names | content.renaming, {}
        sent = {each: self.seed.status(each.info_hash)["sent"] for each in self.contents}
        sure = self.after_kill(content)

        node = self.start()
        self.look_at_start(node)
        row = self.table[stage]
        row["rounds"] += 1
        if not content.is_kept:
            # What a fetch that is not kept left behind would be in the way of the next.
            self.delete(content)
        for each in (each for each in self.contents if each.is_kept):
            status = self.settled(node, each)
            row["reused"] += status["reused"]
            assert status["reused"] >= sure[each], f"{each.path}: {status}, but {sure[each]} bytes were there"
            self.verified(node, each, 1.0)
            came = self.seed.status(each.info_hash)["sent"] - sent[each]
            assert came <= each.size - sure[each], f"{each.path}: {came} bytes came, though {sure[each]} were there"
            self.compare(each)
        self.end(node, number)

    def after_kill(self, _):
        """What of each must be taken up again: all that is whole on the disk, so that what comes twice was on its way."""
        return {each: self.on_disk(each) for each in self.contents}

    def look_at_start(self, node):
        assert node.opened["unclean"] == 1

    def end(self, node, number):
        if number % 3 == 0:
            node.kill()
        else:
            assert node.stop() == 0

    def settled(self, node, content, limit=60):
        """Its status once what is on disk is known."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            status = node.status(content.info_hash)
            if status["state"] in ("downloading", "seeding"):
                return status
            time.sleep(0.005)
        raise Died(f"{content.path} is not taken up: {status}")

    def compare(self, content):
        for index, name in enumerate(content.files):
            ours = os.path.join(content.folder, content.names.get(index, name))
            assert digest(content.source(index)) == digest(ours), f"{ours} is not the same"

    def finish(self):
        """Every one of them, at the end, byte for byte."""
        node = self.start()
        for content in self.contents:
            if not content.is_kept:
                self.delete(content)
                self.add(node, content)
                self.added(node, content)
            self.verified(node, content, 1.0)
            self.compare(content)
        assert node.stop() == 0
        assert self.seed.stop() == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("rounds", type=int)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    options = parser.parse_args()
    print(f"{options.rounds} rounds, --seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="crash-")
    started = time.monotonic()
    run = Run(os.path.abspath(options.program), folder, options.seed)
    try:
        for number in range(options.rounds):
            stage = STAGES[number % len(STAGES)]
            try:
                run.round(number, stage)
            except (AssertionError, Died, BrokenPipeError) as error:
                print(f"round {number} ({stage}), seed {options.seed}: {error}; left in {folder}")
                run.seed.kill()
                return 1
        run.finish()
    except (AssertionError, Died) as error:
        print(f"at the end, seed {options.seed}: {error}; left in {folder}")
        run.seed.kill()
        return 1
    print(f"{'killed while':14} {'rounds':>6} {'MiB that were reused':>21}")
    for stage, row in run.table.items():
        print(f"{stage:14} {row['rounds']:6} {row['reused'] / (1 << 20):21.1f}")
    print(f"{options.rounds} rounds in {time.monotonic() - started:.0f} s: every torrent present, every byte the same")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
