// The sliding window, drawn in the browser: every number comes from Python (cnncore/figures/convolution.py), what is
// computed here is only where things are. Streamlit calls the default function again whenever the data change.

const LINE = 400; // no grid is drawn higher, in pixels, times --large (pages/parts/header.py)
const CELL = 42; // no cell is drawn larger, times --large
const GAP = 52; // between input, kernel and output
const SMALL = 15; // cells below this many pixels, times --large, have no number and no border of their own
const TOP = 34; // for the titles
const ICON = { play: "M8 5v14l11-7z", pause: "M7 5h4v14H7zM13 5h4v14h-4z" };
const views = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  let view = views.get(parentElement);
  if (!view || !view.root.isConnected) {
    view = new View(parentElement.querySelector(".window"));
    views.set(parentElement, view);
  }
  view.show(data);
  return () => view.end();
}

const number = (value) => {
  const text = String(Math.round(Math.abs(value) * 100) / 100); // averages of quarters and ninths: two decimals
  return value < 0 ? "\u2212" + text : text;
};
const rect = (x, y, w, h, kind, rest = "") => `<rect x="${x}" y="${y}" width="${w}" height="${h}" class="${kind}" ${rest}/>`;
const label = (x, y, text, kind, size) =>
  `<text x="${x}" y="${y}" class="${kind}"${size ? ` style="font-size:${size}px"` : ""}>${text}</text>`;

class View {
  constructor(root) {
    this.root = root;
    const find = (name) => root.querySelector("." + name);
    Object.assign(this, {
      svg: find("picture"), still: find("still"), moving: find("moving"), sum: find("sum"), scrub: find("scrub"),
      stepText: find("step"), kernels: find("kernels"), play: find("play"), icon: find("icon"),
    });
    this.kernel = 0;
    this.computed = null; // while the window moves: outputs beyond it are still empty
    find("back").onclick = () => this.move(-1);
    find("next").onclick = () => this.move(1);
    this.play.onclick = () => (this.timer ? this.pause() : this.start());
    this.scrub.oninput = () => { this.pause(); this.go(Number(this.scrub.value), true); };
    this.svg.onpointermove = (event) => this.point(this.at(event));
    this.svg.onpointerleave = () => this.point(null);
    this.svg.onkeydown = (event) => this.key(event);
    // Read aloud to whoever moves by keys; to others it would talk all the time.
    this.svg.onfocus = () => this.sum.setAttribute("aria-live", "polite");
    this.svg.onblur = () => { this.sum.setAttribute("aria-live", "off"); this.point(null); };
    this.svg.onclick = (event) => {
      const place = this.at(event);
      if (place && place.grid === "output") { this.pause(); this.computed = null; this.go(place.row * this.columns + place.column); }
    };
    this.observer = new ResizeObserver(() => {
      if (this.data && Math.abs(this.root.clientWidth - this.width) > 1) this.draw();
    });
  }

  end() {
    this.pause();
    this.observer.disconnect();
  }

  show(data) {
    this.observer.observe(this.root);
    const text = JSON.stringify(data);
    if (text === this.text) return;
    const first = this.text === undefined;
    this.text = text;
    this.data = data;
    this.pointed = null;
    if (!first) this.pause();
    this.computed = null;
    this.rows = data.output.rows;
    this.columns = data.output.columns;
    this.kernel = Math.min(this.kernel, data.kernels.length - 1);
    // Begin where most happens: at the output that is farthest from zero.
    const flat = data.kernels[this.kernel].values.flat().map(Math.abs);
    this.step = flat.indexOf(Math.max(...flat));
    this.scrub.max = this.rows * this.columns - 1;
    this.root.classList.toggle("compact", Boolean(data.compact));
    this.kernels.innerHTML = data.kernels.length < 2 ? "" : data.kernels.map((kernel, index) =>
      `<button type="button" class="choice" aria-pressed="${index === this.kernel}">${kernel.name}</button>`).join("");
    [...this.kernels.children].forEach((button, index) => {
      button.onclick = () => {
        this.kernel = index;
        [...this.kernels.children].forEach((other, i) => other.setAttribute("aria-pressed", i === index));
        this.draw();
      };
    });
    this.draw();
    if (first && data.autoplay && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.step = this.computed = Math.floor(0.4 * this.rows * this.columns); // something to see at the first glance
      this.start();
    }
  }

  // ---- where things are

  layout() {
    const { kernel, lines } = this.data;
    const width = (this.width = this.root.clientWidth || 800);
    const large = Number(getComputedStyle(this.root).getPropertyValue("--large")) || 1;
    const wide = width >= 600;
    const tall = lines[0].sources.length;
    const across = lines[1].sources.length;
    const lensCell = Math.min(46 * large, Math.floor(Math.min(230 * large, wide ? width * 0.27 : width - 20) / Math.max(kernel.columns, kernel.rows)));
    const lens = { w: lensCell * kernel.columns, h: lensCell * kernel.rows, cell: lensCell };
    const room = wide ? width - Math.max(lens.w, 120) - 2 * GAP - 24 : width - GAP - 24;
    let cell = Math.min(CELL * large, room / (across + this.columns), (LINE * large) / Math.max(tall, this.rows));
    cell = cell > 8 ? Math.floor(cell) : cell;
    const grid = { w: cell * across, h: cell * tall };
    const out = { w: cell * this.columns, h: cell * this.rows };
    const slots = [Math.max(grid.w, 110), Math.max(out.w, 110)];
    const lensSlot = Math.max(lens.w, 120);
    const total = slots[0] + slots[1] + GAP + (wide ? lensSlot + GAP : 0);
    const left = Math.max(6, (width - total) / 2);
    const high = Math.max(grid.h, out.h, wide ? lens.h + 34 : 0);
    const middle = TOP + high / 2;
    grid.x = left + (slots[0] - grid.w) / 2;
    grid.y = middle - grid.h / 2;
    out.x = left + total - slots[1] + (slots[1] - out.w) / 2;
    out.y = middle - out.h / 2;
    if (wide) {
      lens.x = left + slots[0] + GAP + (lensSlot - lens.w) / 2;
      lens.y = middle - lens.h / 2;
    } else {
      lens.x = (width - lens.w) / 2;
      lens.y = TOP + high + TOP + 12;
    }
    const height = wide ? TOP + high + 10 : lens.y + lens.h + 34;
    this.place = { cell, grid, out, lens, width, height, wide, digits: cell >= SMALL * large };
  }

  at(event) {
    if (!this.place) return null;
    const box = this.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) * this.place.width) / box.width;
    const y = ((event.clientY - box.top) * this.place.height) / box.height;
    const { grid, out, lens, cell } = this.place;
    for (const [name, box, side] of [["input", grid, cell], ["output", out, cell], ["kernel", lens, lens.cell]]) {
      const row = Math.floor((y - box.y) / side);
      const column = Math.floor((x - box.x) / side);
      if (x >= box.x && y >= box.y && x < box.x + box.w && y < box.y + box.h) return { grid: name, row, column };
    }
    return null;
  }

  // ---- what stands still

  draw() {
    this.layout();
    const { data } = this;
    const { cell, grid, out, lens, width, height, digits } = this.place;
    const { input, unread, lines } = data;
    const chosen = data.kernels[this.kernel];
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.style.height = height + "px";
    this.svg.style.setProperty("--line", cell > 14 ? 1.5 : cell > 7 ? 0.8 : 0.3);
    const shape = (part) => `${part.channels} \u00d7 ${part.rows} \u00d7 ${part.columns}`;
    const title = (box, text, kind) => label(box.x + box.w / 2, box.y - 14, text, `title ${kind}`) .replace("<text", '<text text-anchor="middle"');
    const parts = [];
    const sheets = (box, count, kind) => {
      for (let i = Math.min(count - 1, 2); i > 0; i--) parts.push(rect(box.x + 4 * i, box.y - 4 * i, box.w, box.h, `sheet ${kind}`));
    };
    sheets(grid, input.channels, "in");
    sheets(out, data.output.channels, "out");
    parts.push(title(grid, `Input ${shape(input)}`, "in"), title(out, `Output ${shape(data.output)}`, "out"));
    parts.push(rect(grid.x, grid.y, grid.w, grid.h, "sheet in", 'style="stroke:none;opacity:1"'));
    parts.push(rect(out.x, out.y, out.w, out.h, "sheet out", 'style="stroke:none;opacity:1"'));

    const size = Math.round(cell * 0.44);
    const [down, across] = lines;
    down.sources.forEach((_, r) => across.sources.forEach((_, c) => {
      const x = grid.x + c * cell;
      const y = grid.y + r * cell;
      const kind = this.kind(r, c);
      const value = this.value(r, c);
      if (kind === "b") return parts.push(rect(x + 1, y + 1, cell - 2, cell - 2, "cell beyond"));
      if (value === null) {
        if (digits) parts.push(rect(x + 1, y + 1, cell - 2, cell - 2, "cell padding"));
      } else parts.push(rect(x, y, cell, cell, `cell in-${value}${kind === "i" ? "" : " copied"}`));
      const none = data.op === "max" ? "" : 0; // what a maximum passes over has no number
      if (digits) parts.push(label(x + cell / 2, y + cell / 2, value ?? none, value === null ? "number padding" : "number", size));
    }));
    const inside = this.inside();
    if (!digits && (down.sources.length > inside.h || across.sources.length > inside.w)) parts.push(rect(grid.x, grid.y, grid.w, grid.h, "cell padding"));
    const box = { x: grid.x + inside.x * cell, y: grid.y + inside.y * cell, w: inside.w * cell, h: inside.h * cell };
    for (const row of unread.rows) parts.push(rect(box.x, grid.y + this.cellOf(0, row) * cell, box.w, cell, "hatch row"));
    for (const column of unread.columns) parts.push(rect(grid.x + this.cellOf(1, column) * cell, box.y, cell, box.h, "hatch column"));
    parts.push(rect(box.x, box.y, box.w, box.h, "frame in"));

    const most = Math.max(1, ...chosen.values.flat().map(Math.abs));
    const longest = Math.max(...chosen.values.flat().map((value) => number(value).length));
    const small = Math.min(size, Math.floor((cell - 3) / (longest * 0.56)));
    chosen.values.forEach((line, row) => line.forEach((value, column) => {
      const x = out.x + column * cell;
      const y = out.y + row * cell;
      parts.push(rect(x, y, cell, cell, `cell o out-${Math.round((9 * Math.abs(value)) / most)}`));
      if (digits && small >= 7) parts.push(label(x + cell / 2, y + cell / 2, number(value), "number n", small));
    }));
    parts.push(rect(out.x, out.y, out.w, out.h, "frame out"));
    this.still.innerHTML = parts.join("");
    this.outputs = [...this.still.querySelectorAll(".o")];
    this.numbers = [...this.still.querySelectorAll(".n")];
    this.svg.setAttribute("aria-label",
      `A kernel of ${data.kernel.rows} by ${data.kernel.columns} slides over an input of ${input.rows} by ${input.columns} ` +
      `and gives an output of ${this.rows} by ${this.columns}. The arrow keys move the window, ` +
      `Enter goes on to the input's cells${data.op === "sum" ? ", then to the weights" : ""}.`);
    this.filled = this.outputs.length;
    this.move(0);
  }

  // What lies in a drawn cell: an input's value, or null for a zero of the padding or between two inputs.
  value(row, column) {
    const [down, across] = this.data.lines;
    const r = down.sources[row] ?? null;
    const c = across.sources[column] ?? null;
    return r === null || c === null ? null : this.data.input.values[r][c];
  }

  kind(row, column) {
    const [down, across] = this.data.lines;
    const both = down.kinds[row] + across.kinds[column];
    return both === "ii" ? "i" : both.includes("b") ? "b" : both.includes("p") ? "p" : "g";
  }

  cellOf(axis, source) {
    const line = this.data.lines[axis];
    return line.sources.findIndex((other, cell) => other === source && line.kinds[cell] === "i");
  }

  // The part of the grid that holds the input, in cells.
  inside() {
    const ends = this.data.lines.map((line) => [line.kinds.indexOf("i"), line.kinds.lastIndexOf("i") + 1]);
    return { y: ends[0][0], h: ends[0][1] - ends[0][0], x: ends[1][0], w: ends[1][1] - ends[1][0] };
  }

  // ---- what moves

  move(by) {
    if (by) { this.pause(); this.computed = null; }
    const count = this.rows * this.columns;
    this.go((this.step + by + count) % count, this.computed !== null);
  }

  go(step, moving = false) {
    this.step = step;
    if (moving) this.computed = step;
    this.scrub.value = step;
    this.pending();
    this.overlay();
  }

  // While the window moves, the outputs that it has not reached yet are empty.
  pending() {
    const from = this.computed === null ? this.outputs.length : this.computed + 1;
    for (let i = Math.min(from, this.filled); i < Math.max(from, this.filled); i++) {
      this.outputs[i]?.classList.toggle("pending", i >= from);
      this.numbers[i]?.classList.toggle("pending", i >= from);
    }
    this.filled = from;
  }

  point(place) {
    const text = JSON.stringify(place);
    if (text === JSON.stringify(this.pointed ?? null)) return;
    this.pointed = place;
    this.overlay();
  }

  // The keyboard's way to what the pointer finds: arrows move in one grid, Enter goes on to the middle of the next.
  key(event) {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by && event.key !== "Enter") return;
    event.preventDefault();
    this.pause();
    this.computed = null;
    const { data } = this;
    const sizes = { output: [this.rows, this.columns], input: data.lines.map((line) => line.sources.length) };
    if (data.op === "sum") sizes.kernel = [data.kernel.rows, data.kernel.columns];
    let { grid, row, column } = this.pointed ?? { grid: "output", row: Math.floor(this.step / this.columns), column: this.step % this.columns };
    if (by) {
      const keep = (value, count) => Math.min(Math.max(value, 0), count - 1);
      [row, column] = [row, column].map((value, axis) => keep(value + by[axis], (sizes[grid] ?? [1, 1])[axis]));
    } else {
      const grids = Object.keys(sizes);
      grid = grids[(grids.indexOf(grid) + 1) % grids.length];
      [row, column] = sizes[grid].map((count) => Math.floor((count - 1) / 2));
    }
    this.pointed = grid === "output" ? null : { grid, row, column };
    this.go(grid === "output" ? row * this.columns + column : this.step);
  }

  overlay() {
    const { pointed } = this;
    if (pointed && pointed.grid === "input") this.readers(pointed);
    else if (pointed && pointed.grid === "output") this.position(pointed.row, pointed.column);
    else this.position(Math.floor(this.step / this.columns), this.step % this.columns);
    if (pointed && pointed.grid === "kernel" && this.data.op === "sum") this.shared(pointed);
    const count = this.rows * this.columns;
    this.stepText.textContent = `${this.step + 1} of ${count}`;
  }

  // One position of the window: the cells that it covers, enlarged with the weights, and their sum.
  position(row, column) {
    const { data } = this;
    const { cell, grid, out, lens, wide } = this.place;
    const { kernel, op } = data;
    const chosen = data.kernels[this.kernel];
    const parts = [];
    const down = data.lines[0].reads[row];
    const across = data.lines[1].reads[column];
    const span = {
      x: grid.x + across[0] * cell, y: grid.y + down[0] * cell,
      w: (across.at(-1) - across[0] + 1) * cell, h: (down.at(-1) - down[0] + 1) * cell,
    };
    const here = { x: out.x + column * cell, y: out.y + row * cell };
    const beam = (points, kind) => `<polygon class="beam ${kind}" points="${points.map((p) => p.join(",")).join(" ")}"/>`;
    // The beams leave the grids at their edges, so that they cover no cell; inside, a line leads to them.
    const between = (from, to, share) => [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    const link = (near, far, edge, axis, kind) => {
      const cut = near.map((from, i) => between(from, far[i], (edge - from[axis]) / (far[i][axis] - from[axis] || 1)));
      parts.push(beam([cut[0], far[0], far[1], cut[1]], kind));
      near.forEach((from, i) => parts.push(`<line class="ray ${kind}" x1="${from[0]}" y1="${from[1]}" x2="${far[i][0]}" y2="${far[i][1]}"/>`));
    };
    const ends = wide
      ? [[lens.x, lens.y], [lens.x, lens.y + lens.h]]
      : [[lens.x, lens.y], [lens.x + lens.w, lens.y]];
    if (wide) {
      link([[span.x + span.w, span.y], [span.x + span.w, span.y + span.h]], ends, grid.x + grid.w, 0, "kernel");
      link([[here.x, here.y], [here.x, here.y + cell]], [[lens.x + lens.w, lens.y], [lens.x + lens.w, lens.y + lens.h]], out.x, 0, "out");
    } else {
      link([[span.x, span.y + span.h], [span.x + span.w, span.y + span.h]], ends, grid.y + grid.h, 1, "kernel");
      link([[here.x, here.y + cell], [here.x + cell, here.y + cell]], [[lens.x + lens.w, lens.y], [lens.x + lens.w, lens.y + lens.h]], out.y + out.h, 1, "out");
    }
    const gaps = across.at(-1) - across[0] >= across.length || down.at(-1) - down[0] >= down.length;
    if (gaps || cell < SMALL) parts.push(rect(span.x, span.y, span.w, span.h, gaps ? "span gaps" : "span"));
    for (let i = Math.min(data.sheets - 1, 2); i > 0; i--) parts.push(rect(lens.x + 4 * i, lens.y - 4 * i, lens.w, lens.h, "sheet kernel"));
    const terms = [];
    down.forEach((y, r) => across.forEach((x, c) => {
      const value = this.value(y, x);
      const kind = this.kind(y, x);
      const weight = op === "sum" ? chosen.weights[r][c] : 1;
      const counts = op === "mean" ? kind !== "b" : op === "max" ? value !== null : true;
      if (counts) terms.push([value ?? 0, weight]);
      parts.push(cell < SMALL ? rect(grid.x + x * cell, grid.y + y * cell, cell, cell, "tap small")
        : rect(grid.x + x * cell + 1, grid.y + y * cell + 1, cell - 2, cell - 2, "tap"));
      const at = { x: lens.x + c * lens.cell, y: lens.y + r * lens.cell };
      const upper = lens.cell * (op === "sum" ? 0.56 : 1);
      const text = counts ? value ?? 0 : "";
      parts.push(rect(at.x, at.y, lens.cell, upper, value === null ? "upper padding" : `upper in-${value}`));
      parts.push(label(at.x + lens.cell / 2, at.y + upper / 2 + 0.5, text, "number", Math.max(8, Math.round(lens.cell * 0.38))));
      if (op === "sum") {
        parts.push(rect(at.x, at.y + upper, lens.cell, lens.cell - upper, "weight"));
        parts.push(label(at.x + lens.cell / 2, at.y + lens.cell * 0.79, (lens.cell > 26 ? "\u00d7\u2009" : "") + number(weight), "number kernel-ink", Math.max(8, Math.round(lens.cell * 0.31))));
      }
      parts.push(rect(at.x, at.y, lens.cell, lens.cell, op === "max" && counts && value === chosen.values[row][column] ? "lens winner" : "lens"));
    }));
    const total = chosen.values[row][column];
    const word = { sum: "sum", max: "max", mean: "mean" }[op];
    const centre = lens.x + lens.w / 2;
    parts.push(label(centre, lens.y - 14, op === "sum" ? `Kernel ${data.sheets} \u00d7 ${kernel.rows} \u00d7 ${kernel.columns}${data.turned ? ", turned" : ""}` : `Window ${kernel.rows} \u00d7 ${kernel.columns}`, "title kernel").replace("<text", '<text text-anchor="middle"'));
    parts.push(label(centre, lens.y + lens.h + 20, `${word} = ${number(total)}`, "number out-ink", 16).replace("<text", '<text font-weight="650"'));
    parts.push(rect(here.x, here.y, cell, cell, "here"));
    this.moving.innerHTML = parts.join("");
    this.root.dataset.position = `${row},${column}`;
    this.root.dataset.total = total;
    this.write(row, column, terms, total);
  }

  write(row, column, terms, total) {
    if (this.data.compact) return;
    const { op, sheets } = this.data;
    const shown = terms.length > 25 ? terms.slice(0, 12) : terms;
    const products = op === "sum";
    const text = shown.map(([value, weight], i) =>
      `<span class="term">${i ? (op === "max" ? ", " : "+ ") : ""}<span class="in-ink">${value}</span>${products ? `\u00b7<span class="kernel-ink">${weight < 0 ? `(${number(weight)})` : weight}</span>` : ""}</span>`).join(op === "max" ? "" : " ");
    const left = terms.length - shown.length;
    const rest = left ? ` <span class="mild">${op === "max" ? ", " : "+ "}\u2026 ${left} more ${products ? "products" : "values"}</span>` : "";
    const whole = { sum: `${text}${rest}`, max: `max(${text}${rest})`, mean: `(${text}${rest}) / ${terms.length}` }[op];
    const more = !products ? ' <span class="mild">in each channel by itself: no weights, no bias</span>' : sheets > 1
      ? ` <span class="mild">from the channel drawn; the other ${sheets - 1} add theirs, and the bias is added once</span>`
      : ' <span class="mild">plus the bias</span>';
    this.sum.innerHTML = `<b class="out-ink">output (${row + 1}, ${column + 1})</b> = ${whole} = <b class="out-ink">${number(total)}</b>${more}`;
  }

  // One cell of the input grid: all outputs that read it. A copy in the padding is the same input once more.
  readers({ row, column }) {
    const { cell, grid, out } = this.place;
    const [down, across] = this.data.lines;
    const value = this.value(row, column);
    const same = (line, at) => (line.sources[at] === null || value === null ? [at]
      : line.sources.flatMap((source, other) => (source === line.sources[at] ? [other] : [])));
    const places = [same(down, row), same(across, column)];
    const [rows, columns] = [down, across].map((line, axis) =>
      line.reads.flatMap((cells, o) => (cells.some((at) => places[axis].includes(at)) ? [o] : [])));
    const parts = places[0].flatMap((r) => places[1].map((c) => rect(grid.x + c * cell, grid.y + r * cell, cell, cell, "pointed")));
    for (const r of rows) for (const c of columns) parts.push(rect(out.x + c * cell + 1, out.y + r * cell + 1, cell - 2, cell - 2, "reader"));
    this.moving.innerHTML = parts.join("");
    const kind = this.kind(row, column);
    const input = `<b class="in-ink">Input (${down.sources[row] + 1}, ${across.sources[column] + 1})</b>`;
    const name = kind === "i" ? input : value !== null ? `The padding here is a copy: ${input}`
      : `<b>${{ p: this.data.op === "max" ? "The padding (never the largest)" : "A zero of the padding", g: "A zero between two inputs", b: "What lies beyond the padding" }[kind]}</b>`;
    const count = rows.length * columns.length;
    const outputs = `<b class="out-ink">${count} output${count === 1 ? "" : "s"}</b>`;
    const sentence = count ? `${name} is read by ${outputs}.` : `${name} is never read: no output depends on it.`;
    if (!this.data.compact) this.sum.innerHTML = sentence;
    this.root.dataset.readers = count;
  }

  // One weight of the kernel: every cell that it multiplies, at whatever position of the window.
  shared({ row, column }) {
    const { cell, grid, lens } = this.place;
    const [down, across] = this.data.lines;
    const rows = [...new Set(down.reads.map((cells) => cells[row]))];
    const columns = [...new Set(across.reads.map((cells) => cells[column]))];
    const parts = rows.flatMap((r) => columns.map((c) => rect(grid.x + c * cell + 1, grid.y + r * cell + 1, cell - 2, cell - 2, "share")));
    parts.push(rect(lens.x + column * lens.cell, lens.y + row * lens.cell, lens.cell, lens.cell, "held"));
    this.moving.innerHTML += parts.join("");
    const count = rows.length * columns.length;
    const weight = this.data.kernels[this.kernel].weights[row][column];
    this.root.dataset.shared = count;
    if (!this.data.compact)
      this.sum.innerHTML = `<b class="kernel-ink">This one weight (${number(weight)})</b> multiplies <b class="in-ink">${count} cell${count === 1 ? "" : "s"}</b>, one for each output: all positions share it.`;
  }

  // ---- playing

  start() {
    const count = this.rows * this.columns;
    const rest = Math.min(700, Math.max(24, 14000 / count)); // milliseconds at each position
    this.icon.setAttribute("d", ICON.pause);
    this.play.setAttribute("aria-label", "Pause");
    this.play.title = "Pause";
    this.pointed = null;
    this.go(this.computed === null || this.step >= count - 1 ? 0 : this.step, true);
    this.timer = setInterval(() => {
      if (!this.root.isConnected) return this.pause();
      if (this.pointed) return; // whoever points at a cell wants to look at it
      if (this.step < count - 1) return this.go(this.step + 1, true);
      this.computed = null;
      if (this.data.autoplay) return this.go(0, true);
      this.pause();
      this.go(this.step);
    }, rest);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.icon.setAttribute("d", ICON.play);
    this.play.setAttribute("aria-label", "Play");
    this.play.title = "Play";
  }
}
