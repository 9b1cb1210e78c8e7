// Numbers and stable words of the API, as people say them.

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

export const rate = (bytes) => `${size(bytes)}/s`;

export const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/// Down, so that what is not whole never says 100 %.
export const percent = (part) => `${(Math.floor(part * 1000) / 10).toFixed(part >= 1 ? 0 : 1)} %`;

export function time(seconds) {
  const steps = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  for (const [length, word] of steps) {
    if (seconds >= length) return count(Math.floor(seconds / length), word);
  }
  return "a moment";
}

export const ago = (seconds) => (seconds < 5 ? "just now" : `${time(seconds)} ago`);

/// What a torrent is called; before the metadata is there it has a number alone.
export const title = (torrent) => torrent.name ?? `${torrent.infoHash.slice(0, 12)}…`;

// The states of a torrent: the word, and what its colour says.
export const states = {
  paused: ["Paused", "idle"],
  checking: ["Checking", "wait"],
  metadata: ["No metadata yet", "wait"],
  downloading: ["Downloading", "busy"],
  finished: ["Finished", "good"],
  seeding: ["Seeding", "good"],
  failed: ["Failed", "bad"],
};

// The states of a peer, in the order in which they are listed.
export const peerStates = {
  connected: ["Connected", "good"],
  handshaking: ["Handshake", "wait"],
  dialling: ["Being dialled", "wait"],
  notSeen: ["Not seen yet", "idle"],
  gone: ["Gone", "idle"],
  banned: ["Banned", "bad"],
};

export const refusals = {
  notAMember: "no member",
  notOfThisTorrent: "a member of another swarm only",
  revoked: "no member any more",
  notDialled: "not one that is dialled",
  harmfulHandshake: "a handshake that gives something away",
  notBound: "would have left by another interface",
  tooMany: "too many connections",
  other: "another reason",
};

export const sources = {
  inviteList: "listed by hand",
  overlay: "named by the overlay",
  invite: "named by the invite",
};

/// A word of a later version, as it is.
export const known = (words, word) => words[word] ?? (Array.isArray(Object.values(words)[0]) ? [word, "idle"] : word);

/// What a peer and we want of each other.
export function interest(peer) {
  const out = [];
  if (peer.state !== "connected") return out;
  if (peer.isInteresting) out.push(peer.isChokingUs ? "makes us wait" : "sends to us");
  if (peer.isInterested) out.push(peer.isChoked ? "waits for us" : "is sent to");
  if (peer.isDownloadLimited || peer.isUploadLimited) out.push("slowed by a limit");
  return out;
}
