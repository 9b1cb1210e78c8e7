"""The power goes at random moments, and the node is started again: see Tests/PowerLoss/run."""

import argparse
import ctypes
import json
import os
import shutil
import stat
import struct
import sys
import tempfile
import time

import crash
from wire import bdecode

PAGE = 4096
LIBC = ctypes.CDLL(None, use_errno=True)


def key_of(path):
    """As durable.c says it."""
    buffer = ctypes.create_string_buffer(256)
    if LIBC.statx(-100, os.fsencode(path), 0x100, 0xFFF, buffer) != 0:
        raise OSError(ctypes.get_errno(), path)
    inode, = struct.unpack_from("<Q", buffer, 32)
    seconds, nanoseconds = struct.unpack_from("<qI", buffer, 80)
    return f"{inode}-{seconds}.{nanoseconds:09}"


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Disk:
    """What is below `root`, and what of it was synced."""

    def __init__(self, root, notes, generator):
        self.root, self.notes, self.random = root, notes, generator
        self.placed = {}
        os.makedirs(notes)

    def note_entries(self, folder):
        """As if that folder had been synced."""
        lines = b""
        for entry in os.scandir(folder):
            kind = b"d" if entry.is_dir(follow_symlinks=False) else b"f"
            lines += b"%s %s %s\0" % (kind, key_of(entry.path).encode(), os.fsencode(entry.name))
        with open(f"{self.notes}/{key_of(folder)}.entries", "wb") as file:
            file.write(lines)

    def note_everything(self):
        shutil.rmtree(self.notes)
        os.makedirs(self.notes)
        for folder, _, names in os.walk(self.root):
            self.note_entries(folder)
            for name in names:
                shutil.copyfile(f"{folder}/{name}", f"{self.notes}/{key_of(f'{folder}/{name}')}")

    def synced_entries(self, key):
        try:
            lines = read(f"{self.notes}/{key}.entries").split(b"\0")[:-1]
        except FileNotFoundError:
            return {}
        return {os.fsdecode(name): (kind.decode(), of.decode())
                for kind, of, name in (line.split(b" ", 2) for line in lines)}

    def cut_power(self):
        """Every entry is what was synced or what came later, by chance; and so is every page of every file."""
        folders, files, modes = {}, {}, {}
        for folder, inner, names in os.walk(self.root):
            entries = folders[key_of(folder)] = {}
            modes[key_of(folder)] = stat.S_IMODE(os.stat(folder).st_mode)
            for name in inner + names:
                path = f"{folder}/{name}"
                entries[name] = ("d" if name in inner else "f", key_of(path))
                if name in names:
                    files[key_of(path)] = path
        made = f"{self.root}.made"
        os.makedirs(made)
        self.placed = {}
        self.build(key_of(self.root), made, folders, files, modes)
        for name in os.listdir(self.root):
            path = f"{self.root}/{name}"
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        for name in os.listdir(made):
            os.rename(f"{made}/{name}", f"{self.root}/{name}")
        os.rmdir(made)
        self.note_everything()

    def build(self, key, target, folders, files, modes):
        synced, latest = self.synced_entries(key), folders.get(key, {})
        for name in sorted(synced.keys() | latest.keys()):
            entry = self.random.choice((synced, latest)).get(name)
            if entry is None:
                continue
            kind, of = entry
            if kind == "d":
                os.mkdir(f"{target}/{name}", modes.get(of, 0o700))
                self.build(of, f"{target}/{name}", folders, files, modes)
            else:
                self.build_file(of, f"{target}/{name}", files)

    def build_file(self, key, target, files):
        if key in self.placed:
            os.link(self.placed[key], target)
            return
        self.placed[key] = target
        at = files.pop(key, None)
        late = read(at) if at else None
        try:
            synced = read(f"{self.notes}/{key}")
        except FileNotFoundError:
            synced = b""
        if at:
            os.rename(at, target)  # the same inode
        content = synced if late is None else self.mixed(synced, late)
        with open(target, "r+b" if at else "wb") as file:
            if content != late:
                file.write(content)
                file.truncate()

    def mixed(self, synced, late):
        if synced == late:
            return late
        size = self.random.choice((len(synced), len(late)))
        synced, late = synced.ljust(size, b"\0"), late.ljust(size, b"\0")
        kept = self.random.choice((0.0, 0.5, 1.0))
        return b"".join((late if self.random.random() < kept else synced)[at:at + PAGE]
                        for at in range(0, size, PAGE))[:size]


class PowerRun(crash.Run):
    def __init__(self, program, folder, seed, library):
        root, notes = f"{folder}/disk", f"{folder}/notes"
        os.makedirs(folder)
        wrapped = f"{folder}/node"
        with open(wrapped, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexec env LD_PRELOAD='{library}' DURABLE_ROOT='{root}' DURABLE_NOTES='{notes}' "
                       f"'{program}' \"$@\"\n")
        os.chmod(wrapped, 0o700)
        super().__init__(wrapped, folder, seed)
        self.disk = Disk(root, notes, self.random)
        self.state, self.downloads, self.elsewhere = f"{root}/state", f"{root}/downloads", root
        os.makedirs(self.state, 0o700)
        os.makedirs(self.downloads)
        self.disk.note_everything()
        self.claimed = 0

    def delete(self, content):
        super().delete(content)
        for folder in filter(os.path.isdir, self.folders_of(content)):
            self.disk.note_entries(folder)

    def claims(self, content):
        """The bytes in pieces that the saved bitfield claims, each of which must be there."""
        base = f"{self.state}/torrents/{content.info_hash}"
        if not (os.path.exists(f"{base}.torrent") and os.path.exists(f"{base}.resume")):
            return 0
        kept = {each["infoHash"]: each for each in json.loads(read(f"{self.state}/index.json"))["torrents"]}
        folder = kept.get(content.info_hash, {}).get("saveFolder", self.downloads)
        info = bdecode(read(f"{base}.torrent"))[0][b"info"]
        _, _, resume = read(f"{base}.resume").partition(b"\n")
        have = bdecode(resume)[0].get(b"pieces", b"")
        name, renamed = os.path.basename(content.path), self.names_on_disk(content)
        names = [os.fsdecode(b"/".join(file[b"path"])) for file in info.get(b"files", [])]
        sizes = [file[b"length"] for file in info.get(b"files", [])] or [info[b"length"]]
        real = b"".join(read(os.path.join(content.path, each)) for each in names) if names else read(content.path)
        there = b""
        for index, (each, size) in enumerate(zip(names or [""], sizes)):
            path = os.path.join(folder, renamed.get(index, os.path.join(name, each).rstrip("/")))
            there += (read(path) if os.path.exists(path) else b"").ljust(size, b"\0")[:size]
        length, claimed = info[b"piece length"], 0
        for piece, bits in enumerate(have):
            at = piece * length
            if bits & 1:
                if real[at:at + length] != there[at:at + length]:
                    raise Lost(f"{name}: piece {piece} is claimed, and was lost")
                claimed += len(real[at:at + length])
        return claimed

    def after_kill(self, content):
        """The power goes with it: what was saved as there must be."""
        self.disk.cut_power()
        claimed = {each: self.claims(each) for each in self.contents}
        self.claimed += claimed[content]
        return claimed

    def look_at_start(self, node):
        pass

    def end(self, node, _):
        assert node.stop() == 0
        self.disk.note_everything()  # an operator switches the machine off in good order


class Lost(AssertionError):
    """A saved bitfield claims what is not there."""


def control(program, folder, seed, library):
    """Without this the rest would show nothing: where content is not synced, a claim is found to be false."""
    os.environ["DURABLE_BLIND"] = "1"
    run = PowerRun(program, folder, seed, library)
    try:
        for number in range(20):
            run.round(number, "saving")
    except Lost as lost:
        return str(lost)
    finally:
        del os.environ["DURABLE_BLIND"]
        run.seed.kill()
    sys.exit("control: 20 rounds in which no content was synced, and nothing was found to be lost")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("rounds", type=int)
    parser.add_argument("library")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    options = parser.parse_args()
    print(f"{options.rounds} rounds, --seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="power-loss-")
    started = time.monotonic()
    program = os.path.abspath(options.program)
    print("control, without fdatasync:", control(program, f"{folder}/control", options.seed, options.library), flush=True)
    run = PowerRun(program, f"{folder}/run", options.seed, options.library)
    try:
        for number in range(options.rounds):
            stage = crash.STAGES[number % len(crash.STAGES)]
            try:
                run.round(number, stage)
            except (AssertionError, crash.Died, BrokenPipeError) as error:
                print(f"round {number} ({stage}), seed {options.seed}: {error}; left in {folder}")
                return 1
        run.finish()
    finally:
        if run.seed.process.poll() is None:
            run.seed.kill()
    print(f"{'power cut while':16} {'rounds':>6} {'MiB that were reused':>21}")
    for stage, row in run.table.items():
        print(f"{stage:16} {row['rounds']:6} {row['reused'] / (1 << 20):21.1f}")
    print(f"{options.rounds} rounds in {time.monotonic() - started:.0f} s: {run.claimed / (1 << 20):.1f} MiB were "
          "claimed by what was saved, and there; every torrent present, every byte the same")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
