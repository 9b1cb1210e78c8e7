// The page's tables.

import { Table, lines, make, say, state } from "./view.js";
import { ago, count, interest, known, peerStates, percent, rate, refusals, size, sources, states, title } from "./words.js";

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const number = (title, text) => ({
  title, kind: "number", fill: (cell, item) => say(cell, text(item)),
});

export const swarmTable = (place, chosen) => new Table(place, "Swarms of this node", [
  {
    title: "Name", heads: true, kind: "long",
    fill(cell, torrent, row) {
      let name = cell.querySelector("a");
      if (!name) {
        name = make("a", { class: "name", href: `#swarm=${torrent.infoHash}` });
        cell.append(name, make("progress", { max: 1, "aria-label": "Progress" }), make("small"));
      }
      say(name, title(torrent));
      const isChosen = torrent.infoHash === chosen();
      row.classList.toggle("chosen", isChosen);
      if (isChosen) name.setAttribute("aria-current", "true"); else name.removeAttribute("aria-current");
      const progress = cell.querySelector("progress");
      progress.value = torrent.progress;
      const of = torrent.progress < 1 ? `${percent(torrent.progress)} of ` : "";
      say(
        cell.querySelector("small"),
        `${torrent.sizeBytes ? of + size(torrent.sizeBytes) : "Size not known yet"}, ${count(torrent.connectedPeers, "peer")}`);
    },
  },
  {
    title: "State", kind: "third",
    fill: (cell, torrent) => state(cell, known(states, torrent.state), torrent.lastError?.reason),
  },
  number("Down", (torrent) => rate(torrent.downloadRate)),
  number("Up", (torrent) => rate(torrent.uploadRate)),
], (torrent) => torrent.infoHash);

export const peerTable = (place, pieceCount) => new Table(place, "Peers of this swarm", [
  {
    title: "Address", heads: true, kind: "address",
    fill: (cell, peer) => lines(cell, peer.endpoint, peer.identity, peer.client.startsWith("Unknown [") ? "" : peer.client),
  },
  {
    title: "State",
    fill(cell, peer) {
      const failure = peer.lastError;
      state(
        cell, known(peerStates, peer.state), peer.direction === "incoming" ? "dialled us" : "dialled by us",
        ...interest(peer),
        failure && peer.state !== "connected" ? `${failure.detail || failure.reason}, ${ago(failure.secondsAgo)}` : "");
    },
  },
  {
    title: "Let in by", kind: "address",
    fill: (cell, peer) => lines(cell, peer.rule ?? "no rule any more", known(sources, peer.source ?? "")),
  },
  {
    title: "Has", kind: "number",
    fill(cell, peer) {
      const pieces = pieceCount();
      say(cell, peer.isSeed ? "everything" : pieces ? percent(peer.pieceCount / pieces) : count(peer.pieceCount, "piece"));
    },
  },
  number("Down", (peer) => (peer.state === "connected" ? rate(peer.downloadRate) : "–")),
  number("Up", (peer) => (peer.state === "connected" ? rate(peer.uploadRate) : "–")),
], (peer) => `${peer.direction} ${peer.endpoint}`);

export const memberTable = (place, revoke) => new Table(place, "Members of this swarm", [
  { title: "Rule", heads: true, fill: (cell, member) => lines(cell, member.rule, member.peerID) },
  { title: "Where from", fill: (cell, member) => say(cell, capital(known(sources, member.source))) },
  {
    hiddenTitle: "Change", kind: "act",
    fill(cell, member) {
      if (cell.firstChild) return;
      const button = make(
        "button", { type: "button", class: "danger small", "aria-label": `Revoke ${member.rule}` }, "Revoke");
      button.addEventListener("click", () => revoke(member, button));
      cell.append(button);
    },
  },
], (member) => `${member.source} ${member.rule}`);

export const refusalTable = (place, torrentOf, letIn) => new Table(place, "Addresses that were refused", [
  {
    title: "Address", heads: true,
    fill: (cell, refusal) =>
      lines(cell, refusal.endpoint, refusal.direction === "incoming" ? "dialled us" : "was to be dialled"),
  },
  {
    title: "Why", kind: "long",
    fill(cell, refusal) {
      const torrent = refusal.infoHash && torrentOf(refusal.infoHash);
      lines(cell, capital(known(refusals, refusal.reason)), torrent ? `for ${title(torrent)}` : "");
    },
  },
  {
    title: "Tries", kind: "number",
    fill: (cell, refusal) => lines(cell, refusal.tries.toLocaleString("en"), ago(refusal.lastSecondsAgo)),
  },
  {
    hiddenTitle: "Change", kind: "act",
    fill(cell, refusal) {
      // Who was refused before it named a swarm may mean any.
      const canBeLetIn = refusal.direction === "incoming" && (!refusal.infoHash || torrentOf(refusal.infoHash));
      cell.classList.toggle("blank", !canBeLetIn);
      if (!canBeLetIn) return cell.replaceChildren();
      if (cell.firstChild) return undefined;
      const button = make(
        "button", { type: "button", class: "small", "aria-label": `Let in ${refusal.endpoint}` }, "Let in");
      button.addEventListener("click", () => letIn(refusal));
      return cell.append(button);
    },
  },
], (refusal) => `${refusal.direction} ${refusal.endpoint} ${refusal.infoHash ?? ""}`);
