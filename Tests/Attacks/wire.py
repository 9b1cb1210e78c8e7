"""The BitTorrent wire with bare sockets: says what an attack tells it to, and counts what comes back."""

import errno
import hashlib
import os
import socket
import struct
import time

EXTENDED_BIT = bytes([0, 0, 0, 0, 0, 0x10, 0, 0])
FAST_AND_EXTENDED = bytes([0, 0, 0, 0, 0, 0x10, 0, 0x04])
V2_BIT = bytes([0, 0, 0, 0, 0, 0x10, 0, 0x14])
CHOKE, UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, BITFIELD, REQUEST, PIECE, CANCEL, PORT = range(10)
SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST, EXTENDED = 13, 14, 15, 16, 17, 20
HASH_REQUEST, HASHES, HASH_REJECT = 21, 22, 23
BLOCK = 16 * 1024


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, (bytes, bytearray)):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    pairs = sorted((k.encode() if isinstance(k, str) else k, v) for k, v in value.items())
    return b"d" + b"".join(bencode(k) + bencode(v) for k, v in pairs) + b"e"


def bdecode(data, at=0):
    """The value that begins there, and where it ends."""
    if data[at:at + 1] == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if data[at:at + 1] in (b"l", b"d"):
        items, is_dict = [], data[at:at + 1] == b"d"
        at += 1
        while data[at:at + 1] != b"e":
            item, at = bdecode(data, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if is_dict else items), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return bytes(data[colon + 1:end]), end


def handshake(info_hash, reserved=FAST_AND_EXTENDED, peer_id=None):
    return b"\x13BitTorrent protocol" + reserved + info_hash + (peer_id or os.urandom(20))


def message(kind, payload=b""):
    return struct.pack(">IB", 1 + len(payload), kind) + payload


def request(piece, begin, length, kind=REQUEST):
    return message(kind, struct.pack(">III", piece & 0xFFFFFFFF, begin & 0xFFFFFFFF, length & 0xFFFFFFFF))


def have(piece, kind=HAVE):
    return message(kind, struct.pack(">I", piece & 0xFFFFFFFF))


def piece(index, begin, block):
    return message(PIECE, struct.pack(">II", index & 0xFFFFFFFF, begin & 0xFFFFFFFF) + block)


def extended(identifier, payload):
    return message(EXTENDED, bytes([identifier]) + payload)


def extension_handshake(metadata_size=None, **more):
    fields = {"m": {"ut_metadata": 3}, **more}
    if metadata_size is not None:
        fields["metadata_size"] = metadata_size
    return extended(0, bencode(fields))


class Peer:
    """One connection of ours, from an address that we choose."""

    def __init__(self, source, target, timeout=5.0, connection=None, port=0):
        if connection is None:
            family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            connection.settimeout(timeout)
            connection.bind((source, port))
            connection.connect(target)
        connection.settimeout(timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.received = 0
        self.close_kind = None  # "FIN", "RST", or None while it stands
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """False where the other side closed."""
        try:
            self.socket.sendall(data)
            return True
        except TimeoutError:
            return False
        except OSError as e:
            self._ended(e)
            return False

    def _ended(self, error):
        if error.errno not in (errno.ECONNRESET, errno.EPIPE):
            raise error
        self.close_kind = "RST"

    def read(self, size=65536):
        """What there is, b"" at the end of the connection, None after the timeout."""
        try:
            got = self.socket.recv(size)
        except TimeoutError:
            return None
        except OSError as e:
            self._ended(e)
            return b""
        if not got and self.close_kind is None:
            self.close_kind = "FIN"
        self.received += len(got)
        return got

    def read_to_end(self, limit=1 << 30):
        """Reads until the other side closes. How it closed: FIN, RST, or open where it did not in time."""
        while self.received < limit:
            got = self.read()
            if got is None:
                return "open"
            if not got:
                return self.close_kind
        return "open"

    def take(self, count):
        """Exactly that many bytes; None where they did not come."""
        while len(self.buffer) < count:
            got = self.read()
            if not got:
                return None
            self.buffer += got
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def next_message(self):
        """(kind, payload); keep-alives are skipped; None at the end."""
        while True:
            head = self.take(4)
            if head is None:
                return None
            length = struct.unpack(">I", head)[0]
            if length == 0:
                continue
            body = self.take(length)
            return None if body is None else (body[0], body[1:])

    def drain(self, seconds):
        """Reads away what comes for so long. True while the connection stands."""
        deadline = time.monotonic() + seconds
        self.socket.settimeout(0.05)
        while time.monotonic() < deadline:
            if self.read() == b"":
                return False
        return True

    def greet(self, info_hash, more=b"", reserved=FAST_AND_EXTENDED):
        """Handshake, and the other side's; None where there was none."""
        self.send(handshake(info_hash, reserved) + more)
        return self.take(68)


# ---- MSE (Message Stream Encryption), the side that dials ----

PRIME = int("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
            "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563", 16)


def sha1(*parts):
    return hashlib.sha1(b"".join(parts)).digest()


class RC4:
    def __init__(self, key):
        self.state = list(range(256))
        self.i = self.j = 0
        j = 0
        for i in range(256):
            j = (j + self.state[i] + key[i % len(key)]) & 255
            self.state[i], self.state[j] = self.state[j], self.state[i]
        self.crypt(bytes(1024))

    def crypt(self, data):
        s, i, j, out = self.state, self.i, self.j, bytearray()
        for byte in data:
            i = (i + 1) & 255
            j = (j + s[i]) & 255
            s[i], s[j] = s[j], s[i]
            out.append(byte ^ s[(s[i] + s[j]) & 255])
        self.i, self.j = i, j
        return bytes(out)


class MSE:
    """The initiator's half: `key` goes first, `prove` answers the other side's key."""

    def __init__(self):
        self.secret = int.from_bytes(os.urandom(20), "big")
        self.key = pow(2, self.secret, PRIME).to_bytes(96, "big")

    def prove(self, other_key, skey, payload):
        shared = pow(int.from_bytes(other_key, "big"), self.secret, PRIME).to_bytes(96, "big")
        identity = bytes(a ^ b for a, b in zip(sha1(b"req2", skey), sha1(b"req3", shared)))
        cipher = RC4(sha1(b"keyA", shared, skey))
        offer = bytes(8) + struct.pack(">IH", 3, 0) + struct.pack(">H", len(payload)) + payload
        return sha1(b"req1", shared) + identity + cipher.crypt(offer)
