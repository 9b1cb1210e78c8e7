// The page: what the node tells, shown, and what can be changed.
//
// Events say that something changed, and snapshots say what: they are asked for no more often than every two seconds
// while something happens, every half a minute while nothing does, and never while nobody looks.

import { Refusal, ask, dropToken, follow, setToken, takeToken } from "./node.js";
import { Rates, bits, drawPieces } from "./plot.js";
import { at, make, say, show } from "./view.js";
import { memberTable, peerTable, refusalTable, swarmTable } from "./tables.js";
import { count, peerStates, percent, rate, size, states, known, time, title } from "./words.js";

const [often, seldom] = [2000, 30000];

const page = {
  isLive: false,
  isStale: true,
  isBusy: false,
  lastRefresh: 0,
  timer: null,
  torrents: [],
  refusals: [],
  members: [],
  chosen: null,
  pieces: null,
};
const rates = new Rates();

// Tables

const swarms = swarmTable(at("swarm-table"), () => page.chosen);
const peers = peerTable(at("peer-table"), () => page.pieces?.length);
const members = memberTable(at("member-table"), revoke);
const refusals = refusalTable(at("refusal-table"), (hash) => page.torrents.find((one) => one.infoHash === hash), letIn);

const current = () => page.torrents.find((one) => one.infoHash === page.chosen);
const target = (rest = "") => `/v1/torrents/${page.chosen}${rest}`;

// Showing

function showNode(status) {
  say(at("node-down"), rate(status.downloadRate));
  say(at("node-up"), rate(status.uploadRate));
  say(at("node-swarms"), `${status.torrents.total}`);
  say(at("node-peers"), `${status.connectedPeers}`);
  say(at("node-listen"), status.listen.join(", ") || "nowhere");
  say(at("node-uptime"), time(status.uptimeSeconds));
  say(at("version"), `PrivateTorrent ${status.version}, libtorrent ${status.engineVersion}, process ${status.processID}`);
  show(at("node"), true);
  const trouble = [...status.notReady];
  if (status.stateProblems > 0) {
    trouble.push(`${count(status.stateProblems, "broken file")} in the state directory: see the node's log`);
  }
  say(at("trouble"), trouble.join("; "));
  show(at("trouble"), trouble.length > 0);
  rates.add(status.downloadRate, status.uploadRate);
  rates.draw();
}

function showSwarms() {
  const wanted = at("find-text").value.trim().toLowerCase();
  const found = page.torrents.filter((one) => title(one).toLowerCase().includes(wanted));
  show(at("find"), page.torrents.length > 8);
  show(at("no-swarm"), page.torrents.length === 0);
  swarms.show(found);
}

function choose() {
  const named = new URLSearchParams(location.hash.slice(1)).get("swarm");
  const isThere = (hash) => page.torrents.some((one) => one.infoHash === hash);
  // Where nobody chose: what may need somebody.
  const rank = (one) => ["failed", "metadata", "downloading", "checking", "seeding", "finished", "paused"].indexOf(one.state);
  const first = [...page.torrents].sort((left, right) => rank(left) - rank(right))[0];
  const next = isThere(named) ? named : isThere(page.chosen) ? page.chosen : first?.infoHash ?? null;
  if (next === page.chosen) return;
  page.chosen = next;
  page.pieces = null;
  for (const id of ["detail-error", "rule-error", "why-text", "why-action", "pieces-text"]) say(at(id), "");
  delete document.querySelector(".why").dataset.is;
  show(at("why-next"), false);
  page.members = [];
}

function showDetail() {
  const torrent = current();
  show(at("detail"), torrent !== undefined);
  if (!torrent) return;
  say(at("detail-title"), title(torrent));
  const [word] = known(states, torrent.state);
  const parts = [
    word,
    torrent.sizeBytes > 0
      ? `${size(torrent.verifiedBytes)} of ${size(torrent.wantedBytes)} (${percent(torrent.progress)})`
      : "size not known yet",
    `${size(torrent.receivedBytes)} received, ${size(torrent.uploadedBytes)} sent`,
  ];
  if (torrent.wastedBytes > 0) parts.push(`${size(torrent.wastedBytes)} of it wasted`);
  const limits = [["down", torrent.limits.download], ["up", torrent.limits.upload]].filter(([, limit]) => limit > 0);
  if (limits.length) parts.push(`limited to ${limits.map(([way, limit]) => `${rate(limit)} ${way}`).join(", ")}`);
  if (torrent.folder) parts.push(`in ${torrent.folder}`);
  say(at("detail-sum"), parts.join(" · "));
  const does = ["paused", "failed"].includes(torrent.state) ? "resume" : "pause";
  say(at("pause"), does === "resume" ? "Resume" : "Pause");
  at("pause").dataset.does = does;
}

// How much of a worry a cause is: all others are "bad".
const worry = { nothingWrong: "good", paused: "idle" };
for (const cause of ["rateLimit", "metadataMissing", "nobodyCame", "nobodyHasPiece", "chokedByAll", "notAnswering", "allRefused"]) {
  worry[cause] = "wait";
}

function showExplanation({ explanation }) {
  say(at("why-text"), explanation.summary);
  say(at("why-action"), explanation.action);
  show(at("why-next"), explanation.action !== "" && !explanation.action.startsWith("nothing"));
  document.querySelector(".why").dataset.is = worry[explanation.cause] ?? "bad";
}

function showPieces(map) {
  page.pieces = map && bits(map);
  if (!map) {
    say(at("pieces-text"), "Which pieces there are is known once the torrent runs and has its metadata.");
  } else {
    const part = map.pieceCount ? map.verifiedPieces / map.pieceCount : 0;
    say(at("pieces-text"), `${map.verifiedPieces.toLocaleString("en")} of ${count(map.pieceCount, "piece")} verified (${percent(part)})`);
  }
  show(at("pieces"), map !== null);
  redraw();
}

function redraw() {
  if (page.pieces) drawPieces(at("pieces"), page.pieces);
}

function showMembers(list) {
  page.members = list;
  members.show(list);
  show(at("no-member"), list.length === 0);
}

// Asking

/// Null for what the node does not tell now.
async function maybe(path) {
  try {
    return await ask("GET", path);
  } catch (error) {
    if (error instanceof Refusal && [404, 409, 422].includes(error.status)) return null;
    throw error;
  }
}

async function refreshDetail() {
  const hash = page.chosen;
  if (!hash) return;
  const { sizeBytes, state } = current();
  const hasPieces = sizeBytes > 0 && !["paused", "failed", "metadata"].includes(state);
  const [why, pieces, found, list] = await Promise.all(
    ["/explain", hasPieces && "/pieces", "/peers", "/members"].map((rest) => rest && maybe(target(rest))));
  if (hash !== page.chosen) return;
  if (why) showExplanation(why);
  showPieces(pieces || null);
  const order = Object.keys(peerStates);
  const sorted = (found?.peers ?? []).sort((left, right) => order.indexOf(left.state) - order.indexOf(right.state));
  peers.show(sorted);
  show(at("no-peer"), sorted.length === 0);
  showMembers(list?.members ?? []);
}

async function refresh() {
  if (page.isBusy || !page.isLive || document.hidden) return;
  page.isBusy = true;
  page.isStale = false;
  page.lastRefresh = performance.now();
  try {
    const [status, list, refused] = await Promise.all(
      ["/v1/status", "/v1/torrents", "/v1/refusals"].map((path) => ask("GET", path)));
    page.refusals = refused.denied;
    page.torrents = list.torrents.sort((left, right) => title(left).localeCompare(title(right), "en", { numeric: true }));
    choose();
    showNode(status);
    showSwarms();
    showDetail();
    refusals.show(page.refusals.slice(0, 50));
    show(at("no-refusal"), page.refusals.length === 0);
    show(at("board"), true);
    await refreshDetail();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 401) askForToken("The node does not take this token.");
    else if (error.status !== 0) say(at("detail-error"), error.message);
  } finally {
    page.isBusy = false;
    plan();
  }
}

/// Sets when to look next.
function plan() {
  clearTimeout(page.timer);
  if (!page.isLive || document.hidden) return;
  const isMoving = page.torrents.some((one) => one.downloadRate + one.uploadRate > 0);
  const due = page.lastRefresh + (page.isStale || isMoving ? often : seldom) - performance.now();
  page.timer = setTimeout(refresh, Math.max(0, due));
}

function changed() {
  if (page.isStale) return;
  page.isStale = true;
  if (!page.isBusy) plan();
}

// Changing

/// Has the node do something, and says beside it what came of it.
async function act(button, place, done, work) {
  say(at(place), "");
  const hadFocus = document.activeElement === button;
  button.disabled = true;
  try {
    await work();
    say(at("said"), done);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(at(place), `Not done: ${error.message}`);
  } finally {
    button.disabled = false;
    if (hadFocus && document.activeElement === document.body) button.focus();
    page.lastRefresh = 0;
    page.isStale = true;
    plan();
  }
}

at("pause").addEventListener("click", () => {
  const does = at("pause").dataset.does;
  act(at("pause"), "detail-error", does === "pause" ? "Paused" : "Resumed", () => ask("POST", target(`/${does}`)));
});

at("let-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const rule = at("rule").value.trim();
  act(event.submitter ?? at("let-in").querySelector("button"), "rule-error", `${rule} is let in`, async () => {
    const { members: list } = await ask("POST", target("/members"), { members: [rule] });
    showMembers(list);
    at("rule").value = "";
  });
});

/// Puts an address that was refused where it can be let in.
function letIn(refusal) {
  if (refusal.infoHash) location.hash = `swarm=${refusal.infoHash}`;
  at("rule").value = refusal.endpoint.replace(/^\[(.*)\]:\d+$|^(.*):\d+$/, "$1$2");
  at("rule").focus();
}

function revoke(member, button) {
  const dialog = at("revoke");
  say(at("revoke-rule"), member.rule);
  const path = target(`/members?rule=${encodeURIComponent(member.rule)}`);
  dialog.returnValue = "no";
  dialog.onclose = () => {
    if (dialog.returnValue !== "yes") return;
    act(button, "rule-error", `${member.rule} is revoked`, async () => {
      showMembers((await ask("DELETE", path)).members);
      at("rule").focus();
    });
  };
  dialog.showModal();
}

at("find-text").addEventListener("input", showSwarms);

window.addEventListener("hashchange", async () => {
  if (takeToken() && !page.isStarted) return start();
  const before = page.chosen;
  choose();
  showSwarms();
  showDetail();
  if (page.chosen === before) return;
  // Where it is below the list, and not beside it.
  if (matchMedia("(max-width: 63.99rem)").matches) at("detail").focus();
  showPieces(null);
  peers.show([]);
  showMembers([]);
  try {
    await refreshDetail();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
});

document.querySelector("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault();
  at("swarms").focus();
});

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(page.timer) : plan()));
window.addEventListener("resize", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

// The node

function link(is, text) {
  at("link").dataset.is = is;
  say(at("link-text"), text);
}

function askForToken(error) {
  page.isLive = false;
  page.isStarted = false;
  dropToken();
  for (const id of ["board", "node", "trouble"]) show(at(id), false);
  show(at("login"), true);
  say(at("token-error"), error);
  link("idle", "Not connected");
  at("token").focus();
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken(at("token").value.trim());
  at("token").value = "";
  start();
});

function start() {
  page.isStarted = true;
  show(at("login"), false);
  say(at("token-error"), "");
  link("idle", "Connecting…");
  follow({
    open() {
      link("live", "Live");
      page.isLive = true;
      page.lastRefresh = 0;
      page.isStale = true;
      plan();
    },
    event(type) {
      // What a gap left out, a snapshot has: it is one of many reasons to look.
      if (type !== "listening") changed();
    },
    away() {
      page.isLive = false;
      clearTimeout(page.timer);
      link("away", "The node does not answer: what is shown was so before. Trying again…");
    },
    refused: () => askForToken("The node does not take this token."),
  });
}

if (takeToken()) start(); else askForToken("");
