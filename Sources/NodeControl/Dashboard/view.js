// The page's elements. Text from others is only ever a text node.

export const at = (id) => document.getElementById(id);

/// Changes an element's text where it differs: what does not change is not said again to who hears it.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, isShown) {
  if (element.hidden === isShown) element.hidden = !isShown;
}

export function make(tag, attributes = {}, ...children) {
  const out = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) out.setAttribute(name, value);
  }
  out.append(...children);
  return out;
}

/// A table whose rows stay the same elements while their key does: focus and selection survive a refresh.
///
/// `columns`: `{ title, hiddenTitle, kind, heads, fill(cell, item, row) }`; `kind` is a class of the cells.
export class Table {
  constructor(place, caption, columns, key) {
    this.columns = columns;
    this.key = key;
    this.rows = new Map();
    // With display: block, on a phone, a table would not be one any more to who hears it: so it says what it is.
    const titles = columns.map((column) => make(
      "th", { scope: "col", role: "columnheader", class: column.kind },
      column.title ? column.title : make("span", { class: "hidden" }, column.hiddenTitle)));
    this.body = make("tbody", { role: "rowgroup" });
    this.table = make(
      "table", { role: "table" }, make("caption", { class: "hidden" }, caption),
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...titles)), this.body);
    place.append(this.table);
  }

  show(items) {
    show(this.table, items.length > 0);
    const left = new Map(this.rows);
    items.forEach((item, index) => {
      const key = this.key(item);
      let row = this.rows.get(key);
      if (!row) {
        row = this.row();
        this.rows.set(key, row);
      }
      left.delete(key);
      this.columns.forEach((column, column_index) => column.fill(row.children[column_index], item, row));
      if (this.body.children[index] !== row) this.body.insertBefore(row, this.body.children[index] ?? null);
    });
    for (const [key, row] of left) {
      row.remove();
      this.rows.delete(key);
    }
  }

  row() {
    const cells = this.columns.map((column) => {
      return column.heads
        ? make("th", { scope: "row", role: "rowheader", class: column.kind })
        : make("td", { role: "cell", class: column.kind, "data-label": column.title || null });
    });
    return make("tr", { role: "row" }, ...cells);
  }
}

/// An address that breaks, where it must, before a port or a group, and not within a number.
const breakable = (text) => text.split(/(?=:)/).flatMap((part, index) => (index ? [make("wbr"), part] : [part]));

/// A cell of a line, and smaller ones below it; made again only where it changed.
export function lines(cell, first, ...more) {
  const rest = more.filter((line) => line && (line.text ?? line));
  const text = JSON.stringify([first, rest]);
  if (cell.dataset.text === text) return;
  cell.dataset.text = text;
  cell.classList.toggle("blank", !first && rest.length === 0);
  cell.replaceChildren(
    ...breakable(first ?? ""), ...rest.map((line) => make("small", { class: line.isBad ? "bad" : null }, line.text ?? line)));
}

/// A word with a dot in the colour of what it says.
export function state(cell, [word, kind], ...more) {
  const text = JSON.stringify([word, kind, more]);
  if (cell.dataset.text === text) return;
  cell.dataset.text = text;
  cell.replaceChildren(
    make("span", { class: "state", "data-is": kind }, word),
    ...more.filter(Boolean).map((line) => make("small", {}, line)));
}
