"""Every attack in turn, and a table of what became of it. Run by Tests/Attacks/run."""

import argparse
import sys
import time
import traceback

import world
from world import Failed, World

import floods
import handshakes
import hostile_fetch
import members
import metadata
import strangers
import torrents

GROUPS = [strangers, torrents, handshakes, members, floods, hostile_fetch, metadata]
COLUMNS = ("attack", "who", "tries", "bytes received", "close", "verdict")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("swarmctl")
    options.add_argument("--short", action="store_true")
    options.add_argument("--only", default="")
    options.add_argument("--own-network", action="store_true")
    options = options.parse_args()
    if options.own_network:
        world.raise_loopback()

    rows, failed = [], []
    print(*COLUMNS, sep=" | ")
    for group in GROUPS:
        with World(options.swarmctl, options.short) as place:
            for attack in group.ATTACKS:
                name = attack.__name__.replace("_", " ")
                if options.only not in f"{group.__name__}: {name}":
                    continue
                since = time.monotonic()
                try:
                    row = attack(place)
                except Exception as e:
                    row = world.Row(group.WHO, verdict=f"FAILED: {e}")
                    failed.append(name)
                    if not isinstance(e, Failed):
                        traceback.print_exc()
                    place.reset()
                row.verdict += f" ({time.monotonic() - since:.1f} s)"
                rows.append(row)
                print(name, row, sep=" | ", flush=True)
    print(f"{len(rows)} attacks, {len(failed)} failed" + "".join(f"\n  {name}" for name in failed))
    sys.exit(1 if failed or not rows else 0)


if __name__ == "__main__":
    main()
