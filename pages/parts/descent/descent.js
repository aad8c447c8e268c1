// Optimizers on a surface. Every point and every number comes from Python (cnncore/figures/descent.py); here the
// ways are drawn up to one step, which is played, scrubbed or pointed at without asking the server.

const views = new WeakMap();
const ICON = { play: "M8 5v14l11-7z", pause: "M7 5h4v14H7zM13 5h4v14h-4z" };
const BANDS = 13; // shades from the minimum to the highest corner
const TICK = 50; // milliseconds a step while it plays
const REST = 300; // milliseconds after the last arrow key until the ways from there are asked for

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let view = views.get(parentElement);
  if (!view || !view.root.isConnected) {
    view = new View(parentElement.querySelector(".descent"));
    views.set(parentElement, view);
  }
  view.tell = (start) => setTriggerValue("start", start);
  view.show(data);
  return () => { view.pause(); clearTimeout(view.waiting); view.observer.disconnect(); };
}

// As cnncore.wording.number: three digits, written out from 0.0001 to a million, else with a power of ten.
const power = (exponent) => "10" + String(exponent).replace("-", "\u207b").replace(/\d/g, (digit) => "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[digit]);
const number = (value) => {
  const [factor, exponent] = value.toExponential(2).split("e").map(Number);
  if (value === 0 || (exponent >= -4 && exponent < 6)) return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 });
  return factor === 1 ? power(exponent) : `${factor}\u00a0\u00b7\u00a0${power(exponent)}`;
};
const text = (x, y, words, rest = "") => `<text class="small" x="${x}" y="${y}" ${rest}>${words}</text>`;

class View {
  constructor(root) {
    this.root = root;
    const find = (name) => root.querySelector("." + name);
    Object.assign(this, {
      map: find("map"), ground: find("ground"), over: find("over"), rows: root.querySelector("tbody"), chart: find("chart"),
      scrub: find("scrub"), stepText: find("step"), note: find("note"), playKey: find("play"), icon: find("icon"),
    });
    this.playKey.onclick = () => (this.timer ? this.pause() : this.play());
    find("next").onclick = () => { this.pause(); this.go(this.step + 1); };
    this.scrub.oninput = () => { this.pause(); this.go(Number(this.scrub.value)); };
    this.map.onclick = (event) => this.begin(event);
    this.map.onkeydown = (event) => this.key(event);
    // Read aloud to whoever is here with the keys; to others it would talk all the time.
    root.addEventListener("focusin", () => this.note.setAttribute("aria-live", "polite"));
    root.addEventListener("focusout", () => this.note.setAttribute("aria-live", "off"));
    const onChart = (event) => { if (event.buttons || event.type === "pointerdown") { this.pause(); this.go(this.at(event)); } };
    this.chart.onpointerdown = onChart;
    this.chart.onpointermove = onChart;
    this.observer = new ResizeObserver(() => { if (this.data && Math.abs(this.map.clientWidth - this.width) > 1) this.draw(); });
  }

  show(data) {
    this.observer.observe(this.map);
    const words = JSON.stringify(data);
    const ink = getComputedStyle(this.root).color;
    if (words === this.words && ink === this.ink) return;
    this.words = words;
    this.ink = ink;
    this.data = data;
    this.last = Math.max(0, ...data.ways.map((way) => way.loss.length - 1 + (way.diverged === null ? 0 : 1)));
    // What was shown to its end is shown to its end again: a slider moves whole ways.
    const end = this.step === undefined || this.atEnd;
    this.scrub.max = this.last;
    this.draw(end ? this.last : Math.min(this.step, this.last));
  }

  // ---- what does not depend on the step

  draw(step = this.step) {
    const [left, right, bottom, top] = this.data.box;
    this.width = this.map.clientWidth || 600;
    this.height = Math.round((this.width * (top - bottom)) / (right - left));
    this.paint();
    this.over.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.x = (value) => ((value - left) / (right - left)) * this.width;
    this.y = (value) => ((top - value) / (top - bottom)) * this.height;
    this.frame();
    this.root.dataset.start = this.data.start.join(",");
    if (!this.waiting) this.start = this.data.start;
    this.map.setAttribute("aria-label", `The ways start at ${this.start.join(", ")}. The arrow keys move the start.`);
    this.go(step);
  }

  // Bands of equal height on a scale that shows the floor of a valley as well as its walls.
  paint() {
    const { columns, rows, height } = this.data;
    const [width, tall] = [this.width, this.height];
    this.ground.width = width;
    this.ground.height = tall;
    this.ground.style.height = tall + "px";
    const most = Math.max(...height);
    const scale = height.map((value) => BANDS * Math.pow(Math.max(value, 0) / most, 0.3));
    const context = this.ground.getContext("2d");
    const picture = context.createImageData(width, tall);
    const [red, green, blue] = this.ink.match(/\d+/g).map(Number);
    for (let j = 0, at = 0; j < tall; j++) {
      const v = (j / (tall - 1)) * (rows - 1);
      const r = Math.min(Math.floor(v), rows - 2), b = v - r;
      for (let i = 0; i < width; i++, at += 4) {
        const u = (i / (width - 1)) * (columns - 1);
        const c = Math.min(Math.floor(u), columns - 2), a = u - c;
        const k = r * columns + c;
        const value = (scale[k] * (1 - a) + scale[k + 1] * a) * (1 - b) + (scale[k + columns] * (1 - a) + scale[k + columns + 1] * a) * b;
        picture.data.set([red, green, blue, 6 + Math.floor(value) * 9], at);
      }
    }
    context.putImageData(picture, 0, 0);
  }

  frame() {
    const { data, over } = this;
    const line = (way) => way.points.reduce((all, value, i) => all + (i % 2 ? `${this.y(value).toFixed(1)} ` : `${this.x(value).toFixed(1)},`), "");
    const minima = data.minima.map(([x, y]) => {
      const [a, b] = [this.x(x), this.y(y)];
      return `<path class="minimum" d="M${a - 6} ${b - 6}L${a + 6} ${b + 6}M${a - 6} ${b + 6}L${a + 6} ${b - 6}"/>`;
    });
    over.innerHTML =
      minima.join("") +
      `<circle class="start" cx="${this.x(data.start[0])}" cy="${this.y(data.start[1])}" r="6.5"/>` +
      data.ways.map((way) => `<polyline class="whole" stroke="${way.colour}" points="${line(way)}"/>`).join("") +
      data.ways.map((way) => `<polyline class="gone"/><polyline class="walked" stroke="${way.colour}"/>`).join("") +
      data.ways.map((way) => `<circle class="head" r="6" fill="${way.colour}"/>`).join("");
    over.setAttribute("aria-label", `The surface ${data.surface} from above, a cross at each minimum, a ring at the start, and the ways of ${data.ways.map((way) => way.name).join(", ")}.`);
    this.walked = [...over.querySelectorAll(".walked")];
    this.under = [...over.querySelectorAll(".gone")];
    this.heads = [...over.querySelectorAll(".head")];
    this.curves();
  }

  // The mean loss over all repeats, on a logarithmic axis that has room for every way that does not diverge; one that
  // does leaves through the top.
  curves() {
    const { data, chart } = this;
    const width = (this.chartWidth = Math.max(250, chart.parentElement.clientWidth || 260));
    const height = 172;
    const [left, right, top, bottom] = [44, 14, 22, 30];
    const calm = data.ways.filter((way) => way.diverged === null);
    const values = (calm.length ? calm : data.ways).flatMap((way) => way.mean).filter((value) => value > 0);
    const high = Math.ceil(Math.log10(Math.max(...values, 1e-8)));
    const low = Math.max(Math.floor(Math.log10(Math.min(...values, 10 ** (high - 1)))), -12);
    const every = Math.ceil((high - low) / 5);
    const x = (this.chartX = (step) => left + (step / (this.last || 1)) * (width - left - right));
    const y = (value) => height - bottom - ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low || 1)) * (height - top - bottom);
    const repeats = data.repeats > 1 ? `Mean loss of ${data.repeats} repeats` : "Loss above the minimum";
    const parts = [text(0, 12, repeats)];
    parts.push(`<clipPath id="inside"><rect x="${left}" y="${top}" width="${width - left}" height="${height - top}"/></clipPath>`);
    for (let exponent = low; exponent <= high; exponent += every) {
      parts.push(`<line class="rule" x1="${left}" x2="${width - right}" y1="${y(10 ** exponent)}" y2="${y(10 ** exponent)}"/>`);
      parts.push(text(left - 6, y(10 ** exponent) + 4, exponent >= -2 && exponent <= 3 ? 10 ** exponent : power(exponent), 'text-anchor="end"'));
    }
    for (const step of [0, Math.round(this.last / 2), this.last]) parts.push(text(x(step), height - 13, step, 'text-anchor="middle"'));
    parts.push(text(x(this.last * 0.75), height - 13, "step", 'text-anchor="middle"'));
    for (const way of data.ways) parts.push(`<polyline class="series" clip-path="url(#inside)" stroke="${way.colour}" points="${way.mean.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}"/>`);
    parts.push(`<line class="now" y1="${top - 4}" y2="${height - bottom}"/>`);
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.style.height = height + "px";
    chart.innerHTML = parts.join("");
    chart.setAttribute("aria-label", `${repeats} against the step, on a logarithmic axis. At the end: ` + data.ways.map((way) => `${way.name} ${number(way.mean[way.mean.length - 1])}`).join(", "));
    this.now = chart.querySelector(".now");
  }

  // ---- what depends on the step

  go(step) {
    this.step = Math.min(Math.max(step, 0), this.last);
    this.atEnd = this.step >= this.last;
    const { data } = this;
    const outside = [];
    const rows = data.ways.map((way, i) => {
      const at = Math.min(this.step, way.loss.length - 1);
      const gone = way.diverged !== null && this.step >= way.diverged;
      const points = [];
      for (let k = 0; k <= at; k++) points.push(`${this.x(way.points[2 * k]).toFixed(1)},${this.y(way.points[2 * k + 1]).toFixed(1)}`);
      for (const line of [this.walked[i], this.under[i]]) line.setAttribute("points", points.join(" "));
      const [x, y] = [this.x(way.points[2 * at]), this.y(way.points[2 * at + 1])];
      const away = x < 0 || y < 0 || x > this.width || y > this.height;
      this.heads[i].setAttribute("cx", Math.min(Math.max(x, 4), this.width - 4));
      this.heads[i].setAttribute("cy", Math.min(Math.max(y, 4), this.height - 4));
      if (gone) outside.push(`<b>${way.name}</b> diverged: after step ${way.diverged} it is more than a thousand away, and its path ends.`);
      else if (away) outside.push(`<b>${way.name}</b> is outside of the picture, its dot is drawn at the edge.`);
      const rate = number(way.rate * data.decay ** this.step);
      return `<tr data-way="${way.name}" data-loss="${way.loss[at]}"><td><span class="swatch" style="background:${way.colour}"></span>${way.name} <span class="rate">rate ${rate}</span></td>` +
        (gone ? "<td>diverged</td><td></td>" : `<td>${number(way.loss[at])}</td><td>${number(way.distance[at])}</td>`) + "</tr>";
    });
    this.rows.innerHTML = rows.join("");
    this.scrub.value = this.step;
    this.stepText.textContent = `step ${this.step} of ${this.last}`;
    const note = outside.join(" ");
    if (note !== this.noted) this.note.innerHTML = this.noted = note; // what is written is read aloud again
    const x = this.chartX(this.step);
    this.now.setAttribute("x1", x);
    this.now.setAttribute("x2", x);
    this.root.dataset.step = this.step;
  }

  at(event) {
    const box = this.chart.getBoundingClientRect();
    const [from, to] = [this.chartX(0), this.chartX(this.last)];
    return Math.round((((event.clientX - box.left) * this.chartWidth) / box.width - from) / (to - from) * this.last);
  }

  begin(event) {
    const box = this.map.getBoundingClientRect();
    const [left, right, bottom, top] = this.data.box;
    const x = left + ((event.clientX - box.left) / box.width) * (right - left);
    const y = top - ((event.clientY - box.top) / box.height) * (top - bottom);
    this.tell([Math.round(x * 100) / 100, Math.round(y * 100) / 100]);
  }

  // The ring goes with the arrow keys at once; Python is asked when they rest.
  key(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const [left, right, bottom, top] = this.data.box;
    const keep = (value, low, high) => Math.round(100 * Math.min(Math.max(value, low), high)) / 100;
    this.start = [keep(this.start[0] + (by[0] * (right - left)) / 40, left, right), keep(this.start[1] + (by[1] * (top - bottom)) / 40, bottom, top)];
    const ring = this.over.querySelector(".start");
    ring.setAttribute("cx", this.x(this.start[0]));
    ring.setAttribute("cy", this.y(this.start[1]));
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => { this.waiting = null; this.tell(this.start); }, REST);
  }

  play() {
    if (this.step >= this.last) this.go(0);
    this.dress("Pause", ICON.pause);
    this.timer = setInterval(() => {
      this.go(this.step + 1);
      if (this.step >= this.last) this.pause();
    }, TICK);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.dress("Play", ICON.play);
  }

  dress(name, icon) {
    this.icon.setAttribute("d", icon);
    this.playKey.setAttribute("aria-label", name);
    this.playKey.title = name;
  }
}
