"""Metadata of the right hash that is not what the invite promised: looked at before it is used."""

import hashlib
import itertools
import os
import select
import socket
from types import SimpleNamespace

from wire import bencode
from world import FETCHER, HOSTILE, HonestSeed, Row, Swarmctl, expect

WHO = "malicious creator"
TRAP = "127.0.0.9"
BYTES = b"x" * 40_000
folders = itertools.count()


def plain(**other):
    """An info dictionary that is accepted, but for `other`."""
    fields = {"length": len(BYTES), "name": "name", "piece length": 16384, "private": 1,
              "pieces": b"".join(hashlib.sha1(BYTES[i:i + 16384]).digest() for i in range(0, len(BYTES), 16384))}
    fields.update(other)
    return {k: v for k, v in fields.items() if v is not None}


def fetch(place, info, exit_code, word, names=(), timeout=20):
    """Exit code and reason as given; on disk nothing but `names`; and nobody contacted but the one member.

    `info` may be a function of the endpoint at which nobody may be contacted.
    """
    into = place.scratch.folder(f"metadata-{next(folders)}")
    with socket.create_server((TRAP, 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        port = tcp.getsockname()[1]
        udp.bind((TRAP, port))
        if callable(info):
            info = info(port)
        if not isinstance(info, bytes):
            info = bencode(info)
        content = SimpleNamespace(info=info, info_hash=hashlib.sha1(info).digest(),
                                  pieces=[BYTES[i:i + 16384] for i in range(0, len(BYTES), 16384)])
        member = HonestSeed(content, HOSTILE)
        magnet = (f"magnet:?xt=urn:btih:{content.info_hash.hex()}&x.pe={member.address}"
                  f"&tr=http://{TRAP}:{port}/a&tr=udp://{TRAP}:{port}"
                  f"&ws=http://{TRAP}:{port}/w&as=http://{TRAP}:{port}/s"
                  f"&xs=http://{TRAP}:{port}/x&dht={TRAP}:{port}")
        with Swarmctl("fetch", magnet, "--into", into, "--listen", f"{FETCHER}:0", "--encryption", "off",
                      "--timeout", str(timeout)) as fetching:
            code = fetching.finish(timeout + 30)
            said = fetching.find("error") or {}
        member.close()
        contacted, _, _ = select.select([tcp, udp], [], [], 0)
    expect(code == exit_code, f"exit {code}, not {exit_code}: {said}")
    expect(exit_code == 0 or said.get("exitCode") == exit_code, f"no typed error: {said}")
    expect(word in said.get("message", "") + said.get("code", ""), f"{word!r} is not in {said}")
    found = sorted(os.listdir(into))
    expect(found == sorted(names), f"on disk: {found}")
    expect(not contacted, "somebody else was contacted")
    return Row(WHO, 1, 0, "-", f"held: exit {code} {said.get('code', '')}")


def trackers_seeds_and_nodes_inside(place):
    def info(port):
        http, udp = f"http://{TRAP}:{port}/", f"udp://{TRAP}:{port}"
        return plain(**{"announce": http, "announce-list": [[udp]], "url-list": [http], "httpseeds": [http],
                        "nodes": [[TRAP, port]]})
    return fetch(place, info, 0, "", ["name"])


def private_flag_absent(place):
    """Fetched: here every torrent is private, whatever its creator says."""
    return fetch(place, plain(private=None), 0, "", ["name"])


def v2(place):
    tree = {"name": {"": {"length": 5, "pieces root": os.urandom(32)}}}
    info = {"file tree": tree, "meta version": 2, "name": "name", "piece length": 16384, "private": 1}
    return fetch(place, info, 77, "v2")


def hybrid(place):
    tree = {"name": {"": {"length": len(BYTES), "pieces root": os.urandom(32)}}}
    return fetch(place, plain(**{"file tree": tree, "meta version": 2}), 77, "v2")


def symbolic_link(place):
    files = [{"length": len(BYTES), "path": ["a"]},
             {"length": 0, "path": ["b"], "attr": "l", "symlink path": ["..", "etc"]}]
    return fetch(place, plain(length=None, files=files), 77, "symbolic")


def similar(place):
    return fetch(place, plain(similar=[os.urandom(20)]), 77, "linked")


def collections(place):
    return fetch(place, plain(collections=["mine"]), 77, "")


def ssl_certificate(place):
    return fetch(place, plain(**{"ssl-cert": "-----BEGIN CERTIFICATE-----"}), 77, "")


def hidden_name(place):
    return fetch(place, plain(name=".ssh"), 77, "")


def names_that_climb(place):
    return fetch(place, plain(name="../../../../tmp/climbed"), 77, "dot")


def files_that_climb(place):
    """Cleaned, and inside the folder."""
    files = [{"length": len(BYTES), "path": ["..", "..", "..", "climbed"]}]
    return fetch(place, plain(length=None, files=files), 0, "", ["name"])


def one_piece_too_many(place):
    count = 65_537
    return fetch(place, plain(length=count * 16384, pieces=bytes(20 * count)), 65, "")


def pieces_that_do_not_fit_the_length(place):
    return fetch(place, plain(pieces=bytes(20)), 65, "")


def negative_length(place):
    return fetch(place, plain(length=-1), 65, "")


def a_length_beyond_all(place):
    return fetch(place, plain(length=2**63 - 1, **{"piece length": 2**31}), 65, "")


def piece_length_zero(place):
    return fetch(place, plain(**{"piece length": 0}), 65, "")


def a_hundred_thousand_and_one_files(place):
    files = [{"length": 0, "path": ["%x" % i]} for i in range(100_001)]
    return fetch(place, plain(length=None, files=files, pieces=b""), 65, "")


def deep_nesting(place):
    return fetch(place, bencode(plain())[:-1] + b"1:x" + b"l" * 1000 + b"e" * 1000 + b"e", 65, "")


def no_dictionary(place):
    return fetch(place, bencode([b"name", 1]), 65, "")


def not_bencoded(place):
    return fetch(place, os.urandom(5000), 65, "")


def larger_than_allowed(place):
    """Never asked for: a member that promises too much holds up nobody but itself."""
    return fetch(place, plain(x=bytes(17 << 20)), 69, "", timeout=3)


ATTACKS = [
    trackers_seeds_and_nodes_inside, private_flag_absent, v2, hybrid, symbolic_link, similar, collections,
    ssl_certificate, hidden_name, names_that_climb, files_that_climb, one_piece_too_many,
    pieces_that_do_not_fit_the_length, negative_length, a_length_beyond_all, piece_length_zero,
    a_hundred_thousand_and_one_files, deep_nesting, no_dictionary, not_bencoded, larger_than_allowed,
]
