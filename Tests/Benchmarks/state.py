#!/usr/bin/env python3
"""Thousands of torrents in a state directory: seconds from the start until all are seeded, and memory for each.

    Tests/Benchmarks/state.py .build/release/StateBenchmark [COUNT]

One .torrent among them is broken before the last start: it costs itself, and nothing else.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile


def run(program, *arguments):
    """What it printed: first word of each line to the rest, as numbers."""
    done = subprocess.run([program, *arguments], check=True, capture_output=True, text=True)
    return {words[0]: [float(word) for word in words[1:]] for words in map(str.split, done.stdout.splitlines())}


def report(name, said):
    seeding, took, memory = said["seeding"]
    print(f"{name:24} open {said['opened'][0]:6.2f} s   all seeding {took:6.2f} s   {int(seeding):6} torrents   "
          f"{memory / 1024:6.1f} KiB each   shutdown {said['shutdown'][1]:5.2f} s", flush=True)
    return int(seeding), int(said["restored"][1])


def main():
    program, count = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    folder = tempfile.mkdtemp(prefix="state-")
    try:
        made = run(program, "make", folder, str(count))
        print(f"made and added             {made['made'][1]:6.2f} s   shutdown {made['shutdown'][1]:5.2f} s", flush=True)
        assert report("restart", run(program, "restart", folder)) == (count, 0)
        torrents = f"{folder}/state/torrents"
        broken = random.choice([name for name in os.listdir(torrents) if name.endswith(".torrent")])
        with open(os.path.join(torrents, broken), "r+b") as file:
            file.seek(30)
            file.write(b"broken")
        assert report("restart, one broken", run(program, "restart", folder)) == (count - 1, 1)
        assert os.listdir(f"{folder}/state/quarantine") == [f"{broken}.1"]
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
