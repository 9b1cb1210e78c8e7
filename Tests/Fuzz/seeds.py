#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets that are better made than kept: seeds.py FOLDER.

From the torrents in the folder that PRIVATETORRENT_TEST_TORRENTS names, where it is set: the torrents themselves
for `metainfo`, their info dictionaries as received metadata for `metadata`.
"""

import json
import os
import pathlib
import sys


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(v) for k, v in sorted(value.items())) + b"e"


def info_of(torrent):
    """The info dictionary of a .torrent, to the byte; the last resort is enough for a seed."""
    start = torrent.find(b"4:infod")
    return torrent[start + 6:-1] if start >= 0 else b""


def metadata(info, serving, steps):
    return bytes([serving]) + len(info).to_bytes(2, "big") + info + steps


def resume_data(*counts):
    """Of torrents with so many pieces."""
    for count in counts:
        plain = {b"file-format": b"libtorrent resume file", b"file-version": 1, b"info-hash": b"H" * 20,
                 b"info-hash2": bytes(32), b"pieces": b"\1" * count, b"total_uploaded": 5,
                 b"total_downloaded": 7, b"added_time": 1700000000, b"completed_time": 0}
        yield plain
        yield plain | {b"seed_mode": 1, b"pieces": b"\3" * (count - 1) + b"\1"}
        yield plain | {b"pieces": b"", b"file_priority": [4, 0, 7]}
        yield plain | {
            b"peers": b"\x0a\0\0\1\x1a\xe1", b"peers6": bytes(18), b"banned_peers": bytes(6),
            b"trackers": [[b"udp://192.0.2.1:1"]], b"url-list": [b"http://192.0.2.1/"],
            b"httpseeds": [b"http://192.0.2.1/"], b"save_path": b"/etc", b"name": b"../x",
            b"mapped_files": [b"/etc/passwd", b"../../x"], b"apply_ip_filter": 0, b"paused": 0,
            b"unfinished": [{b"piece": 0, b"bitmask": b"\x80"}], b"piece_priority": b"\4" * count}


def messages(*bodies):
    return b"".join(b"\1" + len(body).to_bytes(2, "big") + body for body in bodies)


def extensions():
    """A byte that chooses the torrent, one for the handshake's reserved bits, then messages: see the target."""
    shake = bencode({b"m": {b"ut_metadata": 2, b"ut_pex": 1, b"ut_holepunch": 4, b"lt_donthave": 7}, b"p": 6881,
                     b"v": b"x", b"yourip": b"\x7f\0\0\1", b"reqq": 250, b"metadata_size": 300,
                     b"upload_only": 1, b"complete_ago": 5})
    ask = b"d8:msg_typei0e5:piecei0ee"
    bodies = [
        b"\x14\0" + shake, b"\x14\2" + ask, b"\x14\4\0\0\x7f\0\0\4\x1a\xe1", b"\x14\1" + bencode(
            {b"added": b"\x7f\0\0\x09\x1a\xe1", b"added.f": b"\x10"}), b"\x14\7\0\0\0\1", b"\x14\3\1",
        b"\5\xe0", b"\4\0\0\0\1", b"\x0e", b"\x0f", b"\x0d\0\0\0\1", b"\x11\0\0\0\1", b"\x10" + bytes(12),
        b"\2", b"\1", b"\6\0\0\0\0\0\0\0\0\0\0\x40\0", b"\7\0\0\0\0\0\0\0\0" + b"x" * 64, b"\x08" + bytes(12),
        b"\x15" + bytes(48), b"\x16" + bytes(48), b"\x17" + bytes(48), b"\x09\x1a\xe1", b""]
    for torrent in range(3):
        yield bytes([torrent, 0]) + b"".join(len(b).to_bytes(2, "big") + b for b in bodies)
        for body in bodies:
            yield bytes([torrent, 0]) + len(bodies[0]).to_bytes(2, "big") + bodies[0] + len(body).to_bytes(
                2, "big") + body
            yield bytes([torrent, 1]) + len(body).to_bytes(2, "big") + body


def state():
    """A byte that says which file it is, and whether its checksum is made to fit; then that file: see the target."""
    start = {"checksum": "0" * 16, "schemaVersion": 2, "removed": []}
    least = {"infoHash": "1" * 40, "role": "seed", "members": [], "isStarted": True, "isComplete": True,
             "addedTime": 1700000000000}
    members = [{"rule": "10.1.0.0/16", "source": "inviteList"},
               {"rule": "[fd00::7]:6881", "source": "overlay", "peerID": "seven"}]
    full = least | {
        "infoHash": "2" * 40, "role": "fetch", "members": members, "saveFolder": "/srv/in", "uploadLimit": 1000,
        "downloadLimit": 1, "filePriorities": [1, 4, 7], "isSequential": True, "messages": {"peerID": "node"},
        "job": {"id": "job", "holders": {"": [], "asker": members}}, "sizeBytes": 5, "displayName": "T", "names": {"0": "T/new", "2": "T/a/b"},
        "renaming": {"file": 1, "from": "T/1", "to": "T/c", "device": 1, "inode": 2}, "retention": {
            "isPinned": True, "expiry": 1800000000000, "idleLimitSeconds": 60, "lastNeeded": 1700000000001}}
    old = least | {"role": "unknown", "isPinned": True, "expiry": 1800000000000}
    refused = [{"saveFolder": "/srv/../in"}, {"saveFolder": "srv"}, {"filePriorities": [8]},
               {"messages": {"peerID": ""}}, {"members": [members[0] | {"peerID": "x" * 65}]},
               {"members": [members[0] | {"source": "x"}]},
               {"retention": {"idleLimitSeconds": -1, "lastNeeded": 1}}]
    for index in [{"torrents": []}, {"torrents": [least]}, {"torrents": [full, least], "removed": ["3" * 40]},
                  {"torrents": [least, least]}, {"schemaVersion": 1, "torrents": [old, full]},
                  {"schemaVersion": 3, "torrents": []}] + [{"torrents": [least | field]} for field in refused]:
        yield b"\1" + json.dumps(start | index, separators=(",", ":")).encode()
    identity = {"device": 1, "inode": 2, "sizeBytes": 5, "modifiedNanoseconds": 3, "changedNanoseconds": 4}
    for which, pieces, files in [(b"\3", 1, [identity]), (b"\5", 4, [identity, None, identity, None])]:
        header = start | {"files": files, "infoHash": "H" * 40, "saveFolder": "/srv/in", "schemaVersion": 1}
        for resume in resume_data(pieces):
            yield which + json.dumps(header, separators=(",", ":")).encode() + b"\n" + bencode(resume)


def main(folder):
    real = sorted(pathlib.Path(os.environ.get("PRIVATETORRENT_TEST_TORRENTS") or "/nonexistent").glob("*.torrent"))
    torrents = [path.read_bytes() for path in real]
    torrents = [torrent for torrent in torrents if len(torrent) <= 65536]
    # Three blocks, most of it hashes: quick to parse.
    made = bencode({b"files": [{b"length": 16384 * 1000, b"path": [b"a", b"b%d" % i]} for i in range(2)],
                    b"name": b"T", b"piece length": 16384, b"pieces": b"x" * 40000, b"private": 1})
    infos = [made] + [info_of(torrent) for torrent in torrents]
    honest = b"\7" + b"".join(bytes([2, i]) for i in range(4))
    seeds = {
        "metainfo": [b"d4:info" + made + b"e"] + torrents,
        "magnet": [b"magnet:?xt=urn:btih:" + b"a" * 40 + b"&dn=x&xl=5&x.pe=127.0.0.1:1&tr=udp%3A%2F%2Fx"],
        "resume_data": map(bencode, resume_data(1, 3, 11)),
        "metadata": [metadata(info, 0, honest) for info in infos if 0 < len(info) < 60000] + [
            metadata(made, 1, b"\7" + b"\4\0\4\1\4\0\4\0\4\x09\3"),
            metadata(made, 1, b"\7\5\xff" + b"\4\0\4\1\3\5\0\3"),
            metadata(made, 0, b"\7\6\0\2\1"),
            metadata(made, 0, b"\7\2\0" + b"\3" * 12 + b"\2\1"),
            metadata(made, 0, b"\7" + messages(b"d8:msg_typei2e5:piecei0ee", b"d8:msg_typei9ee", b"x")),
            metadata(b"x", 0, b"\0\x2fd1:md11:ut_metadatai2ee13:metadata_sizei99999ee" + messages(b"de"))],
        "blank_key": [bencode({b"m": {b"ut_holepunch": 4, b"ut_metadata": 2}, b"p": 6881, b"yourip": b"abcd"}),
                      b"d1:pi1e1:pi2e1:p1:p1:v1:xe", b"d12:ut_holepunchd1:pi1ee6:yourip0:e"],
        "extensions": extensions(),
        "state": state(),
    }
    for target, contents in seeds.items():
        target_folder = pathlib.Path(folder, target, "seeds")
        target_folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(contents):
            (target_folder / str(number)).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1])
