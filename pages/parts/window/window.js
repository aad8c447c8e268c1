// The sliding window, drawn in the browser: every number comes from Python (cnncore/figures/convolution.py), what is
// computed here is only where things are. Streamlit calls the default function again whenever the data change.

const LINE = 400; // no grid is drawn higher, in pixels
const CELL = 42; // no cell is drawn larger
const GAP = 52; // between input, kernel and output
const SMALL = 15; // cells below this many pixels have no number and no border of their own
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

const number = (value) => (value < 0 ? "\u2212" + -value : String(value));
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
    const { input, kernel, padding } = this.data;
    const width = (this.width = this.root.clientWidth || 800);
    const wide = width >= 600;
    const tall = input.rows + 2 * padding[0];
    const across = input.columns + 2 * padding[1];
    const lensCell = Math.min(46, Math.floor(Math.min(230, wide ? width * 0.27 : width - 20) / Math.max(kernel.columns, kernel.rows)));
    const lens = { w: lensCell * kernel.columns, h: lensCell * kernel.rows, cell: lensCell };
    const room = wide ? width - Math.max(lens.w, 120) - 2 * GAP - 24 : width - GAP - 24;
    let cell = Math.min(CELL, room / (across + this.columns), LINE / Math.max(tall, this.rows));
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
    this.place = { cell, grid, out, lens, width, height, wide };
  }

  at(event) {
    if (!this.place) return null;
    const box = this.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) * this.place.width) / box.width;
    const y = ((event.clientY - box.top) * this.place.height) / box.height;
    for (const [name, grid] of [["input", this.place.grid], ["output", this.place.out]]) {
      const row = Math.floor((y - grid.y) / this.place.cell);
      const column = Math.floor((x - grid.x) / this.place.cell);
      if (x >= grid.x && y >= grid.y && x < grid.x + grid.w && y < grid.y + grid.h)
        return name === "output" ? { grid: name, row, column }
          : { grid: name, row: row - this.data.padding[0], column: column - this.data.padding[1] };
    }
    return null;
  }

  // ---- what stands still

  draw() {
    this.layout();
    const { data } = this;
    const { cell, grid, out, lens, width, height } = this.place;
    const { input, padding, unread } = data;
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

    const digits = cell >= SMALL;
    if (cell < SMALL && padding[0] + padding[1] > 0) parts.push(rect(grid.x, grid.y, grid.w, grid.h, "cell padding"));
    const size = Math.round(cell * 0.44);
    for (let row = -padding[0]; row < input.rows + padding[0]; row++) {
      for (let column = -padding[1]; column < input.columns + padding[1]; column++) {
        const x = grid.x + (column + padding[1]) * cell;
        const y = grid.y + (row + padding[0]) * cell;
        const value = this.value(row, column);
        if (value !== null) parts.push(rect(x, y, cell, cell, `cell in-${value}`));
        else if (cell >= SMALL) parts.push(rect(x + 1, y + 1, cell - 2, cell - 2, "cell padding"));
        if (digits) parts.push(label(x + cell / 2, y + cell / 2, value ?? 0, value === null ? "number padding" : "number", size));
      }
    }
    for (const row of unread.rows) parts.push(rect(grid.x + padding[1] * cell, grid.y + (row + padding[0]) * cell, input.columns * cell, cell, "hatch row"));
    for (const column of unread.columns) parts.push(rect(grid.x + (column + padding[1]) * cell, grid.y + padding[0] * cell, cell, input.rows * cell, "hatch column"));
    parts.push(rect(grid.x + padding[1] * cell, grid.y + padding[0] * cell, input.columns * cell, input.rows * cell, "frame in"));

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
      `and gives an output of ${this.rows} by ${this.columns}.`);
    this.filled = this.outputs.length;
    this.move(0);
  }

  value(row, column) {
    const line = this.data.input.values[row];
    return line === undefined || line[column] === undefined ? null : line[column];
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

  overlay() {
    const { pointed } = this;
    if (pointed && pointed.grid === "input") this.readers(pointed);
    else if (pointed) this.position(pointed.row, pointed.column);
    else this.position(Math.floor(this.step / this.columns), this.step % this.columns);
    const count = this.rows * this.columns;
    this.stepText.textContent = `${this.step + 1} of ${count}`;
  }

  // One position of the window: the cells that it covers, enlarged with the weights, and their sum.
  position(row, column) {
    const { data } = this;
    const { cell, grid, out, lens, wide } = this.place;
    const { kernel, stride, padding, dilation } = data;
    const chosen = data.kernels[this.kernel];
    const parts = [];
    const top = row * stride[0]; // in cells of the padded input
    const left = column * stride[1];
    const span = {
      x: grid.x + left * cell, y: grid.y + top * cell,
      w: ((kernel.columns - 1) * dilation[1] + 1) * cell, h: ((kernel.rows - 1) * dilation[0] + 1) * cell,
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
    const gaps = dilation[0] > 1 || dilation[1] > 1;
    if (gaps || cell < SMALL) parts.push(rect(span.x, span.y, span.w, span.h, gaps ? "span gaps" : "span"));
    for (let i = Math.min(data.sheets - 1, 2); i > 0; i--) parts.push(rect(lens.x + 4 * i, lens.y - 4 * i, lens.w, lens.h, "sheet kernel"));
    const terms = [];
    let total = 0;
    for (let r = 0; r < kernel.rows; r++) {
      for (let c = 0; c < kernel.columns; c++) {
        const x = left + c * dilation[1];
        const y = top + r * dilation[0];
        const value = this.value(y - padding[0], x - padding[1]);
        const weight = chosen.weights[r][c];
        total += (value ?? 0) * weight;
        terms.push([value ?? 0, weight]);
        parts.push(cell < SMALL ? rect(grid.x + x * cell, grid.y + y * cell, cell, cell, "tap small")
          : rect(grid.x + x * cell + 1, grid.y + y * cell + 1, cell - 2, cell - 2, "tap"));
        const at = { x: lens.x + c * lens.cell, y: lens.y + r * lens.cell };
        const upper = lens.cell * 0.56;
        parts.push(rect(at.x, at.y, lens.cell, upper, value === null ? "upper padding" : `upper in-${value}`));
        parts.push(rect(at.x, at.y + upper, lens.cell, lens.cell - upper, "weight"));
        parts.push(label(at.x + lens.cell / 2, at.y + upper / 2 + 0.5, value ?? 0, "number", Math.max(8, Math.round(lens.cell * 0.38))));
        parts.push(label(at.x + lens.cell / 2, at.y + lens.cell * 0.79, (lens.cell > 26 ? "\u00d7\u2009" : "") + number(weight), "number kernel-ink", Math.max(8, Math.round(lens.cell * 0.31))));
        parts.push(rect(at.x, at.y, lens.cell, lens.cell, "lens"));
      }
    }
    const centre = lens.x + lens.w / 2;
    parts.push(label(centre, lens.y - 14, `Kernel ${data.sheets} \u00d7 ${kernel.rows} \u00d7 ${kernel.columns}`, "title kernel").replace("<text", '<text text-anchor="middle"'));
    parts.push(label(centre, lens.y + lens.h + 20, `sum = ${number(total)}`, "number out-ink", 16).replace("<text", '<text font-weight="650"'));
    parts.push(rect(here.x, here.y, cell, cell, "here"));
    this.moving.innerHTML = parts.join("");
    this.root.dataset.position = `${row},${column}`;
    this.root.dataset.total = total;
    this.write(row, column, terms, total);
  }

  write(row, column, terms, total) {
    if (this.data.compact) return;
    const shown = terms.length > 25 ? terms.slice(0, 12) : terms;
    const text = shown.map(([value, weight], i) =>
      `<span class="term">${i ? "+ " : ""}<span class="in-ink">${value}</span>\u00b7<span class="kernel-ink">${weight < 0 ? `(${number(weight)})` : weight}</span></span>`).join(" ");
    const rest = terms.length > shown.length ? ` <span class="mild">+ \u2026 ${terms.length - shown.length} more products</span>` : "";
    const more = this.data.sheets > 1
      ? ` <span class="mild">from the channel drawn; the other ${this.data.sheets - 1} add theirs, and the bias is added once</span>`
      : ' <span class="mild">plus the bias</span>';
    this.sum.innerHTML = `<b class="out-ink">output (${row + 1}, ${column + 1})</b> = ${text}${rest} = <b class="out-ink">${number(total)}</b>${more}`;
  }

  // One cell of the input: all outputs that read it.
  readers({ row, column }) {
    const { cell, grid, out } = this.place;
    const { padding, input } = this.data;
    const inside = this.value(row, column) !== null;
    const rows = this.along(0, row, this.rows);
    const columns = this.along(1, column, this.columns);
    const parts = [rect(grid.x + (column + padding[1]) * cell, grid.y + (row + padding[0]) * cell, cell, cell, "pointed")];
    for (const r of rows) for (const c of columns) parts.push(rect(out.x + c * cell + 1, out.y + r * cell + 1, cell - 2, cell - 2, "reader"));
    this.moving.innerHTML = parts.join("");
    const count = rows.length * columns.length;
    const name = inside ? `<b class="in-ink">Input (${row + 1}, ${column + 1})</b>` : "<b>A zero of the padding</b>";
    const outputs = `<b class="out-ink">${count} output${count === 1 ? "" : "s"}</b>`;
    const sentence = count ? `${name} is read by ${outputs}.` : `${name} is never read: no output depends on it.`;
    if (!this.data.compact) this.sum.innerHTML = sentence;
    this.root.dataset.readers = count;
  }

  // Which outputs read the input cell at `place` along one axis: those that have a tap on it.
  along(axis, place, outputs) {
    const { stride, padding, dilation, kernel } = this.data;
    const taps = axis ? kernel.columns : kernel.rows;
    const found = [];
    for (let o = 0; o < outputs; o++) {
      const offset = place + padding[axis] - o * stride[axis];
      if (offset >= 0 && offset % dilation[axis] === 0 && offset / dilation[axis] < taps) found.push(o);
    }
    return found;
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
