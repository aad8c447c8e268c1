// A picture that is shifted, pooled and compared. Every value and every count comes from Python
// (cnncore/figures/pooling.py), for all shifts at once; here they are drawn, and one question is asked of them that
// depends on where somebody points: at which other places would the winner leave the pooled map as it is?

const CELL = 24; // no cell is drawn larger, in pixels, times --large (pages/parts/header.py)
const GAP = 46; // between the grids
const TOP = 28; // for a title
const SIDE = 340; // the table and the chart, where they stand beside the grids
const LEAST = 9; // no number is written smaller
const SERIES = { before: "No pooling", max: "Max", average: "Average", global: "Global average" };
const views = new WeakMap();

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let view = views.get(parentElement);
  if (!view || !view.root.isConnected) {
    view = new View(parentElement.querySelector(".pool"));
    views.set(parentElement, view);
  }
  view.tell = (shift) => setTriggerValue("shift", shift);
  view.show(data);
  return () => view.observer.disconnect();
}

const number = (value, decimals = 2) => {
  const text = String(Math.round(Math.abs(value) * 10 ** decimals) / 10 ** decimals);
  return value < 0 ? "\u2212" + text : text;
};
const percent = (part, whole) => `${Math.round((100 * part) / whole)}\u00a0%`;
const rect = (x, y, w, h, kind, rest = "") => `<rect x="${x}" y="${y}" width="${w}" height="${h}" class="${kind}" ${rest}/>`;
const label = (x, y, text, kind, rest = "") => `<text x="${x}" y="${y}" class="${kind}" ${rest}>${text}</text>`;
const plural = (count, word) => `${count}\u00a0${word}${count === 1 ? "" : "s"}`;

class View {
  constructor(root) {
    this.root = root;
    const find = (name) => root.querySelector("." + name);
    Object.assign(this, {
      svg: find("picture"), still: find("still"), moving: find("moving"), note: find("note"), chart: find("chart"),
      sliders: [find("right"), find("down")], texts: [find("right-text"), find("down-text")],
      modes: [find("place"), find("back")], how: find("how"), rows: root.querySelector("tbody"),
    });
    this.shift = [0, 0];
    this.back = 0;
    this.focus = null; // the pooled cell, or the input cell, that is explained
    this.sliders.forEach((slider, axis) => {
      slider.oninput = () => { this.shift[axis] = Number(slider.value); this.draw(); };
      slider.onchange = () => this.tell([...this.shift, this.back]);
    });
    this.modes.forEach((button, mode) => {
      button.onclick = () => { this.back = mode; this.draw(); this.tell([...this.shift, mode]); };
    });
    this.svg.onpointermove = (event) => this.point(this.at(event));
    this.svg.onpointerdown = this.svg.onpointermove;
    this.svg.onkeydown = (event) => this.step(event);
    // Read aloud to whoever moves by keys; to others it would talk all the time.
    this.svg.onfocus = () => this.note.setAttribute("aria-live", "polite");
    this.svg.onblur = () => this.note.setAttribute("aria-live", "off");
    this.observer = new ResizeObserver(() => {
      if (this.data && Math.abs(this.root.clientWidth - this.width) > 1) this.draw();
    });
  }

  show(data) {
    this.observer.observe(this.root);
    const text = JSON.stringify({ ...data, start: 0 });
    const { start } = data;
    if (text === this.text && start.turn === this.turn) return;
    if (start.turn !== this.turn) {
      this.turn = start.turn;
      this.shift = [start.right, start.down];
      this.back = start.back ? 1 : 0;
    }
    this.data = data;
    this.size = data.size;
    this.top = Math.max(1, ...data.scene.flat());
    this.sliders[0].max = data.shifts.right;
    this.sliders[1].max = data.shifts.down;
    if (text !== this.text) {
      const [max] = data.pools; // begin where most happens: at the pooled cell with the largest value
      const values = max.values[this.index()];
      const best = values.indexOf(Math.max(...values));
      this.focus = { pool: 0, row: Math.floor(best / max.columns), column: best % max.columns };
    }
    this.text = text;
    this.draw();
  }

  index(right = this.shift[0], down = this.shift[1]) { return down * (this.data.shifts.right + 1) + right; }

  // The value of the shifted map, and of any scene like it.
  value(row, column, scene = this.data.scene, shift = this.shift) {
    const { shifts } = this.data;
    return scene[row + shifts.down - shift[1]][column + shifts.right - shift[0]];
  }

  // ---- where things are

  layout() {
    const { data, size } = this;
    const width = (this.width = this.root.clientWidth || 900);
    const large = Number(getComputedStyle(this.root).getPropertyValue("--large")) || 1;
    const room = width >= 760 ? width - SIDE - 26 : width;
    const [max] = data.pools;
    const thumb = data.input ? 0.55 * size : 0;
    const gaps = GAP + (thumb ? GAP * 0.6 : 0);
    let cell = Math.floor(Math.min(CELL * large, (room - gaps - 4) / (thumb + size + Math.max(max.columns, 3))));
    cell = Math.max(cell, 5);
    const small = Math.min(cell, Math.floor((size * cell + 48 - TOP) / (2 * max.rows)));
    const tall = Math.max(size * cell, 2 * max.rows * small + TOP);
    const input = { x: 2, y: TOP, cell: Math.floor(cell * 0.55), rows: size, columns: size };
    const map = { x: thumb ? input.x + input.cell * size + GAP * 0.6 : 2, y: TOP, cell, rows: size, columns: size };
    const x = map.x + size * cell + GAP;
    const pools = data.pools.map((pool, i) =>
      ({ x, y: TOP + i * (max.rows * small + TOP), cell: small, rows: pool.rows, columns: pool.columns }));
    this.place = { input: thumb ? input : null, map, pools, width: x + Math.max(max.columns * small, 112) + 2, height: TOP + tall + 4 };
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    const inside = (grid) => {
      const [row, column] = [Math.floor((py - grid.y) / grid.cell), Math.floor((px - grid.x) / grid.cell)];
      return row >= 0 && column >= 0 && row < grid.rows && column < grid.columns ? { row, column } : null;
    };
    const { map, pools } = this.place;
    for (const [pool, grid] of pools.entries()) {
      const found = inside(grid);
      if (found) return { pool, ...found };
    }
    return inside(map);
  }

  point(place) {
    if (!place || JSON.stringify(place) === JSON.stringify(this.focus)) return;
    this.focus = place;
    this.overlay();
  }

  step(event) {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by && event.key !== "Enter") return;
    event.preventDefault();
    const { focus, data } = this;
    if (!by) { // from pool to pool, then to the map before them
      const next = focus.pool === undefined ? 0 : focus.pool + 1;
      const { rows, columns } = data.pools[0]; // a cell that every grid has
      const at = { row: Math.min(focus.row, rows - 1), column: Math.min(focus.column, columns - 1) };
      return this.point(next < data.pools.length ? { pool: next, ...at } : at);
    }
    const grid = focus.pool === undefined ? { rows: this.size, columns: this.size } : data.pools[focus.pool];
    const keep = (value, count) => Math.min(Math.max(value, 0), count - 1);
    this.point({ ...focus, row: keep(focus.row + by[0], grid.rows), column: keep(focus.column + by[1], grid.columns) });
  }

  // ---- what depends on the shift

  draw() {
    this.layout();
    const { data, size, place } = this;
    this.svg.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
    this.svg.style.width = place.width + "px";
    this.svg.style.height = place.height + "px";
    this.svg.style.setProperty("--line", place.map.cell > 12 ? 1.2 : 0.4);
    const parts = [];
    const now = this.index();
    if (place.input) {
      const most = Math.max(1, ...data.input.flat());
      this.grid(parts, place.input, (r, c) => this.value(r, c, data.input), most, "in", "Input", false);
    }
    const name = place.input ? "Map before pooling" : "Before pooling";
    this.written = this.grid(parts, place.map, (r, c) => this.value(r, c), this.top, "in", `${name} ${size} \u00d7 ${size}`, true);
    this.outline(parts, "before", place.map, (r, c) => this.value(r, c), (r, c) => this.value(r, c, data.scene, [0, 0]));
    const { map } = place;
    for (const row of data.unread[0]) parts.push(rect(map.x, map.y + row * map.cell, size * map.cell, map.cell, "hatch row"));
    for (const column of data.unread[1]) parts.push(rect(map.x + column * map.cell, map.y, map.cell, size * map.cell, "hatch column"));
    data.pools.forEach((pool, i) => {
      const [seen, first] = [pool.values[now], pool.values[0]];
      const of = (values) => (r, c) => values[r * pool.columns + c];
      const title = `${SERIES[pool.name]} ${pool.rows} \u00d7 ${pool.columns}`;
      this.grid(parts, place.pools[i], of(seen), this.top, "out", title, true);
      this.outline(parts, pool.name, place.pools[i], of(seen), of(first));
    });
    this.still.innerHTML = parts.join("");
    this.svg.setAttribute("aria-label",
      `A map of ${size} by ${size} values, shifted ${this.shift[0]} pixels to the right and ${this.shift[1]} down, ` +
      `and what max-pooling and average pooling make of it: ${data.pools[0].rows} by ${data.pools[0].columns}. ` +
      "The arrow keys choose a cell, Enter goes on to the next map.");
    this.sliders.forEach((slider, axis) => {
      slider.value = this.shift[axis];
      this.texts[axis].textContent = `${this.shift[axis]} px`;
    });
    this.modes.forEach((button, mode) => button.setAttribute("aria-pressed", mode === this.back));
    this.root.dataset.shift = [...this.shift, this.back].join(",");
    this.table();
    this.lines();
    this.overlay();
  }

  grid(parts, box, value, most, kind, title, numbers) {
    parts.push(label(box.x, box.y - 9, title, `title ${kind}`));
    const cells = [];
    for (let r = 0; r < box.rows; r++) for (let c = 0; c < box.columns; c++) cells.push([r, c, value(r, c)]);
    const written = (decimals) => {
      const longest = Math.max(...cells.map(([, , v]) => number(v, decimals).length));
      return Math.min(Math.round(box.cell * 0.46), Math.floor((box.cell - 3) / (longest * 0.56)));
    };
    const decimals = written(2) >= LEAST ? 2 : 1; // where averages do not fit, one decimal; pointing tells both
    const size = written(decimals);
    const text = (r, c, v, kind) => !numbers || size < LEAST ? "" : label(box.x + (c + 0.5) * box.cell, box.y + (r + 0.5) * box.cell + 0.5, number(v, decimals), kind, `style="font-size:${size}px"`);
    for (const [r, c, v] of cells) {
      const [x, y] = [box.x + c * box.cell, box.y + r * box.cell];
      parts.push(rect(x, y, box.cell, box.cell, `cell ${kind}`, `style="--v:${Math.round(4 + (68 * v) / most)}"`));
      parts.push(text(r, c, v, "number"));
    }
    parts.push(rect(box.x, box.y, box.columns * box.cell, box.rows * box.cell, `frame ${kind}`));
    return text;
  }

  // Cells that differ from the unshifted map; moved back first, cells without a partner are left out and paled.
  outline(parts, name, box, now, first) {
    const [, , , , right, down] = this.data.changes[name][this.index()][this.back];
    const thick = Math.min(2, Math.max(0.6, box.cell / 12)), inset = Math.min(1.5, thick); // what is in small cells is seen
    for (let r = 0; r < box.rows; r++) for (let c = 0; c < box.columns; c++) {
      const [x, y] = [box.x + c * box.cell, box.y + r * box.cell];
      if (r < down || c < right) parts.push(rect(x, y, box.cell, box.cell, "gone"));
      else if (now(r, c) !== first(r - down, c - right)) parts.push(rect(x + inset, y + inset, box.cell - 2 * inset, box.cell - 2 * inset, `changed ${name}-changed`, `style="stroke-width:${thick}"`));
    }
  }

  table() {
    const { data, back } = this;
    const now = this.index();
    this.how.textContent = back ? "changed after moving the map back by whole cells" : "values that changed in place";
    this.rows.innerHTML = Object.entries(SERIES).map(([name, title]) => {
      const [changed, cells, lit, mean, right, down, share] = data.changes[name][now][back];
      const shape = `<svg class="swatch" viewBox="0 0 24 10" aria-hidden="true"><path class="series ${name}" d="M1 5H23"/></svg>`;
      const count = cells ? `<b>${changed} of ${cells}</b> (${percent(changed, cells)})` : "nothing left to compare";
      const mild = name === "global" ? `${number(data.global[0])} before, ${number(data.global[now])} now`
        : back && (right || down) ? `moved back: ${[right && `${plural(right, "cell")} left`, down && `${plural(down, "cell")} up`].filter(Boolean).join(", ")}`
        : lit && lit < cells ? `${percent(changed, lit)} of the ${lit} that are not 0` : "";
      return `<tr data-series="${name}" data-changed="${changed}" data-cells="${cells}"><td>${shape}${title}</td><td>${count}<span class="mild">${mild}</span></td><td>${mean === null ? "\u2013" : number(mean)}<span class="mild">${share === null ? "" : `${percent(share, 1)} of the mean`}</span></td></tr>`;
    }).join("");
  }

  // The mean change of every map against the shift to the right, at the present shift down.
  lines() {
    const { data, back } = this;
    const width = Math.max(260, this.chart.parentElement.clientWidth || SIDE);
    const [left, right, top, bottom] = [34, 10, 24, 34];
    const height = 168;
    const most = data.shifts.right;
    const mean = (name, dx) => data.changes[name][this.index(dx, this.shift[1])][back][3];
    const names = Object.keys(SERIES);
    const all = names.flatMap((name) => Array.from({ length: most + 1 }, (_, dx) => mean(name, dx))).filter((v) => v !== null);
    const high = Math.max(...all) || 1;
    const x = (dx) => left + (dx / most) * (width - left - right);
    const y = (v) => height - bottom - (v / high) * (height - top - bottom);
    const parts = [label(0, 13, `Mean change ${back ? "after moving back" : "in place"}, for each shift right`, "small")];
    // Steps of 1, 2 or 5 and zeros, four at most.
    const power = 10 ** Math.floor(Math.log10(high / 4));
    const step = power * [1, 2, 5, 10].find((one) => one * power >= high / 4);
    for (let v = 0; v <= high; v += step) {
      parts.push(`<line class="rule" x1="${left}" x2="${width - right}" y1="${y(v)}" y2="${y(v)}"/>`);
      parts.push(label(left - 6, y(v) + 4, number(v), "small", 'text-anchor="end"'));
    }
    for (let dx = 0; dx <= most; dx++) parts.push(label(x(dx), height - bottom + 17, dx, "small", 'text-anchor="middle"'));
    parts.push(label(width - right, height - 2, "pixels", "small", 'text-anchor="end"'));
    parts.push(`<line class="now" x1="${x(this.shift[0])}" x2="${x(this.shift[0])}" y1="${top - 4}" y2="${height - bottom}"/>`);
    for (const name of names) {
      let path = "";
      for (let dx = 0; dx <= most; dx++) {
        const v = mean(name, dx);
        if (v !== null) path += `${path && mean(name, dx - 1 < 0 ? 0 : dx - 1) !== null ? "L" : "M"}${x(dx)} ${y(v)}`;
      }
      parts.push(`<path class="series ${name}" d="${path}"/>`);
      const v = mean(name, this.shift[0]);
      if (v !== null) parts.push(`<circle class="series dot ${name}" cx="${x(this.shift[0])}" cy="${y(v)}" r="4"/>`);
    }
    this.chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.chart.style.height = height + "px";
    this.chart.setAttribute("aria-label", `Mean absolute change against the shift to the right: at ${this.shift[0]} pixels ` +
      names.map((name) => `${SERIES[name]} ${number(mean(name, this.shift[0]) ?? 0)}`).join(", ") + ".");
    this.chart.innerHTML = parts.join("");
  }

  // ---- what depends on where somebody points

  overlay() {
    if (!this.focus) return;
    if (this.focus.pool === undefined) return this.readers(this.focus);
    const pool = this.data.pools[this.focus.pool];
    if (this.focus.row >= pool.rows || this.focus.column >= pool.columns) this.focus = { pool: 0, row: 0, column: 0 };
    this.window(this.focus);
  }

  window({ pool, row, column }) {
    const { data, place } = this;
    const { name, columns } = data.pools[pool];
    const { map } = place;
    const box = place.pools[pool];
    const [rows, across] = [data.reads[0][row], data.reads[1][column]];
    const cells = rows.flatMap((r) => across.map((c) => ({ r, c, v: this.value(r, c) })));
    const value = data.pools[pool].values[this.index()][row * columns + column];
    const best = Math.max(...cells.map((cell) => cell.v));
    const winners = cells.filter((cell) => cell.v === best);
    const same = this.same(cells, winners[0], name);
    const at = (cell) => [map.x + cell.c * map.cell, map.y + cell.r * map.cell];
    const span = { x: map.x + across[0] * map.cell, y: map.y + rows[0] * map.cell, w: across.length * map.cell, h: rows.length * map.cell };
    const here = { x: box.x + column * box.cell, y: box.y + row * box.cell };
    const right = map.x + map.columns * map.cell;
    const cut = (y, to) => y + ((to - y) * (right - span.x - span.w)) / (here.x - span.x - span.w || 1);
    const parts = [`<polygon class="beam" points="${right},${cut(span.y, here.y)} ${here.x},${here.y} ${here.x},${here.y + box.cell} ${right},${cut(span.y + span.h, here.y + box.cell)}"/>`];
    for (const cell of same) parts.push(rect(...at(cell), map.cell, map.cell, "same"));
    for (const { r, c, v } of same) parts.push(this.written(r, c, v, "again")); // over the shade, which would cover it
    parts.push(rect(span.x, span.y, span.w, span.h, "window"));
    if (name === "max") for (const cell of winners) {
      const [x, y] = at(cell);
      parts.push(`<circle class="winner" cx="${x + map.cell / 2}" cy="${y + map.cell / 2}" r="${map.cell * 0.42}"/>`);
    }
    parts.push(rect(here.x, here.y, box.cell, box.cell, "here"));
    this.moving.innerHTML = parts.join("");
    this.root.dataset.same = same.length;
    this.root.dataset.winners = winners.map(({ r, c }) => `${r},${c}`).join(" ");
    const list = cells.map((cell) => number(cell.v)).join(name === "max" ? ", " : " + ");
    const short = cells.length > 12 ? `${cells.length} values` : list;
    const sum = name === "max" ? `max(<span class="in-ink">${short}</span>)` : cells.length > 12 ? `mean of <span class="in-ink">${short}</span>` : `mean of (<span class="in-ink">${cells.map((cell) => number(cell.v)).join(", ")}</span>)`;
    const won = name !== "max" ? "" : winners.length === 1 ? `: the circled ${number(best)} won` : `: ${winners.length} cells are equally large`;
    const places = same.length === cells.length ? `any of the ${plural(cells.length, "place")} of its window` : `${same.length} of the ${plural(cells.length, "place")} of its window, shaded`;
    const price = cells.length === 1 ? "A window of one cell loses nothing."
      : best === 0 ? "A window of zeros: nothing there to find a place for."
      : `The ${number(best)} could lie at <b class="kernel-ink">${places}</b>, and this pooled map would be <b>exactly the same</b>: where it was is lost.` +
        (same.length < cells.length ? ' <span class="mild">At the others a neighbouring window would see it come or go.</span>' : "");
    this.note.innerHTML = `<b class="out-ink">${SERIES[name]} (${row + 1}, ${column + 1})</b> = ${sum} = <b class="out-ink">${number(value)}</b>${won}. ${price}`;
  }

  // At which cells of the window could `winner` lie (exchanged with what is there) without changing any pooled value?
  same(cells, winner, name) {
    const { reads } = this.data;
    const key = (r, c) => r * this.size + c;
    const pooled = (swap) => {
      const found = [];
      const touched = (group, index) => group.some((at) => swap.some((cell) => cell[index] === at));
      for (const rows of reads[0]) if (touched(rows, "r")) for (const across of reads[1]) if (touched(across, "c")) {
        const values = rows.flatMap((r) => across.map((c) => {
          const hit = swap.findIndex((cell) => key(cell.r, cell.c) === key(r, c));
          return hit < 0 ? this.value(r, c) : swap[hit].v;
        }));
        found.push(name === "max" ? Math.max(...values) : values.reduce((sum, v) => sum + v, 0));
      }
      return found.join();
    };
    return cells.filter((cell) => cell === winner ||
      pooled([winner, cell]) === pooled([{ ...winner, v: cell.v }, { ...cell, v: winner.v }]));
  }

  // One cell of the map before pooling: which pooled cells read it.
  readers({ row, column }) {
    const { data, place } = this;
    const { map } = place;
    const [rows, columns] = data.reads.map((line, axis) =>
      line.flatMap((cells, o) => (cells.includes(axis ? column : row) ? [o] : [])));
    const parts = [rect(map.x + column * map.cell, map.y + row * map.cell, map.cell, map.cell, "pointed")];
    for (const box of place.pools) for (const r of rows) for (const c of columns)
      parts.push(rect(box.x + c * box.cell, box.y + r * box.cell, box.cell, box.cell, "reader"));
    this.moving.innerHTML = parts.join("");
    const count = rows.length * columns.length;
    this.root.dataset.readers = count;
    this.note.innerHTML = `<b class="in-ink">Cell (${row + 1}, ${column + 1})</b> = ${number(this.value(row, column))} ` +
      (count ? `is read by <b class="out-ink">${plural(count, "window")}</b> of each pool.` : "is <b>never read</b>: whatever is there, both pooled maps stay as they are.");
  }
}
