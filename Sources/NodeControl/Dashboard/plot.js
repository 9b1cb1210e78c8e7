// What is drawn: the rates of the last minutes, and which pieces are there.

import { rate } from "./words.js";
import { at, make, say } from "./view.js";

const span = 300;

/// The node's rates, second by second as they are told.
export class Rates {
  samples = [];

  add(down, up) {
    const now = performance.now() / 1000;
    this.samples.push({ now, down, up });
    while (this.samples.length > 1 && this.samples[1].now < now - span) this.samples.shift();
  }

  draw() {
    const now = performance.now() / 1000;
    const top = Math.max(1024, ...this.samples.map((sample) => Math.max(sample.down, sample.up)));
    for (const kind of ["down", "up"]) {
      const points = this.samples.map((sample) => {
        const x = Math.max(0, span - (now - sample.now));
        return `${x.toFixed(1)} ${(99 - (sample[kind] / top) * 94).toFixed(1)}`;
      });
      // What was told last holds until now.
      const last = points.at(-1);
      if (last) points.push(`${span} ${last.split(" ")[1]}`);
      at(`plot-${kind}`).setAttribute("d", points.length ? `M${points.join("L")}` : "");
    }
    say(at("plot-top"), rate(top));
    const last = this.samples.at(-1) ?? { down: 0, up: 0 };
    const peak = (kind) => Math.max(0, ...this.samples.map((sample) => sample[kind]));
    at("plot-text").replaceChildren(
      make("span", { class: "down" }, make("span", { class: "key" }), `down ${rate(last.down)}`),
      `, at most ${rate(peak("down"))}; `,
      make("span", { class: "up" }, make("span", { class: "key up" }), `up ${rate(last.up)}`),
      `, at most ${rate(peak("up"))}`);
  }
}

/// Whether each piece is there, from the base64 of the API.
export function bits(map) {
  const bytes = atob(map.bitfield);
  const out = new Uint8Array(map.pieceCount);
  for (let piece = 0; piece < out.length; piece += 1) {
    out[piece] = (bytes.charCodeAt(piece >> 3) >> (7 - (piece & 7))) & 1;
  }
  return out;
}

/// The pieces in their order, row by row; where there are more than there is room for, a cell stands for several, the
/// fuller the stronger.
export function drawPieces(canvas, have) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  if (!width) return;
  // The largest cells with which no more than so many rows are needed, and then no more room than they take.
  const highest = 96;
  let side = 22;
  const rows = () => Math.ceil(have.length / Math.floor(width / side));
  while (side > 5 && rows() * side > highest) side -= 1;
  const columns = Math.floor(width / side);
  const height = Math.max(1, Math.min(rows(), Math.floor(highest / side))) * side;
  const cells = Math.min(have.length, columns * Math.floor(height / side));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const [full, none] = [style.getPropertyValue("--piece"), style.getPropertyValue("--gap")];
  context.scale(scale, scale);
  for (let cell = 0; cell < cells; cell += 1) {
    const from = Math.floor((cell * have.length) / cells);
    const to = Math.max(from + 1, Math.floor(((cell + 1) * have.length) / cells));
    let sum = 0;
    for (let piece = from; piece < to; piece += 1) sum += have[piece];
    const [x, y] = [(cell % columns) * side, Math.floor(cell / columns) * side];
    context.globalAlpha = 1;
    context.fillStyle = none;
    context.fillRect(x, y, side - 1, side - 1);
    context.globalAlpha = sum / (to - from);
    context.fillStyle = full;
    context.fillRect(x, y, side - 1, side - 1);
  }
}
