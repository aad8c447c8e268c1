// A feature map, its image, and the box of pixels that a unit sees. Every box comes from Python
// (cnncore/figures/receptive_field.py), for all units at once; here they are drawn where somebody points.

const MAP = 250; // the map's longer side, in pixels, times --large (pages/parts/header.py)
const IMAGE = 390; // the image's, with what is shown around it, times --large
const SIDE = 240; // the text, where it stands beside
const GAP = 64;
const TOP = 26; // for the titles
const AROUND = 0.3; // of the image's side is shown of what lies beyond it, at most
const views = new WeakMap();

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let view = views.get(parentElement);
  if (!view || !view.root.isConnected) {
    view = new View(parentElement.querySelector(".field"));
    views.set(parentElement, view);
  }
  view.tell = (unit) => setTriggerValue("unit", unit);
  view.show(data);
  return () => view.observer.disconnect();
}

const rect = (x, y, w, h, kind) => `<rect x="${x}" y="${y}" width="${Math.max(w, 0)}" height="${Math.max(h, 0)}" class="${kind}"/>`;
// A layer's name and an error's text come from anywhere: what is written into the page passes here.
const escape = (text) => String(text).replace(/[&<>"'`]/g, (mark) => `&#${mark.charCodeAt(0)};`);
const label = (x, y, text, kind, rest = "") => `<text x="${x}" y="${y}" class="${kind}" ${rest}>${escape(text)}</text>`;
const bold = (line) => escape(line).replace(/\*\*(.+?)\*\*/g, "<b>$1</b>");
const picture = (box, source, kind = "") =>
  `<image href="${escape(source)}" x="${box.x}" y="${box.y}" width="${box.w}" height="${box.h}" preserveAspectRatio="none" class="${kind}"/>`;
const sign = (value) => String(value).replace("-", "\u2212");
const times = (a, b) => `${a}\u00a0\u00d7\u00a0${b}`;

class View {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector(".picture");
    this.still = root.querySelector(".still");
    this.moving = root.querySelector(".moving");
    this.side = root.querySelector(".side");
    this.unit = [0, 0]; // the one that was chosen
    this.pointed = null; // the one under the pointer
    this.svg.onpointermove = (event) => this.point(this.at(event));
    this.svg.onpointerleave = () => this.point(null);
    this.svg.onclick = (event) => this.choose(this.at(event));
    this.svg.onkeydown = (event) => this.key(event);
    // Read aloud to whoever moves by keys; to others it would talk all the time.
    this.svg.onfocus = () => this.side.setAttribute("aria-live", "polite");
    this.svg.onblur = () => this.side.setAttribute("aria-live", "off");
    this.observer = new ResizeObserver(() => {
      if (this.data && Math.abs(this.root.clientWidth - this.width) > 1) this.draw();
    });
  }

  show(data) {
    this.observer.observe(this.root);
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    this.data = data;
    this.unit = data.unit;
    this.pointed = null;
    this.draw();
  }

  // ---- where things are

  layout() {
    const { data } = this;
    const width = (this.width = this.root.clientWidth || 900);
    const room = width >= 820 ? width - SIDE - 30 : width;
    const large = Number(getComputedStyle(this.root).getPropertyValue("--large")) || 1;
    const fit = Math.min(large, (room - GAP - 4) / (MAP + IMAGE));
    const side = Math.max(data.rows, data.columns);
    let cell = (MAP * fit) / side;
    cell = Math.min(cell > 8 ? Math.floor(cell) : cell, 46 * large);
    const map = { x: 2, y: TOP, cell, w: cell * data.columns, h: cell * data.rows };
    const { height, width: across } = data.image;
    // As much of the padding as the boxes of the outermost units reach into, at most `AROUND`.
    const beyond = data.axes.map((boxes, axis) => {
      const size = axis ? across : height;
      const over = boxes[0][0] === null ? 0 : Math.max(-boxes[0][0], boxes.at(-1)[1] - size, 0);
      return Math.min(over, Math.ceil(AROUND * size));
    });
    const scale = (IMAGE * fit) / Math.max(height + 2 * beyond[0], across + 2 * beyond[1]);
    const outer = { x: map.x + Math.max(map.w, 96) + GAP, y: TOP, w: scale * (across + 2 * beyond[1]), h: scale * (height + 2 * beyond[0]) };
    const image = { x: outer.x + scale * beyond[1], y: outer.y + scale * beyond[0], w: scale * across, h: scale * height };
    const tall = Math.max(map.h, outer.h);
    map.y += (tall - map.h) / 2;
    this.place = { map, outer, image, scale, beyond, width: outer.x + outer.w + 4, height: TOP + tall + 24 };
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const { map } = this.place;
    const row = Math.floor((event.clientY - box.top - map.y) / map.cell);
    const column = Math.floor((event.clientX - box.left - map.x) / map.cell);
    return row >= 0 && column >= 0 && row < this.data.rows && column < this.data.columns ? [row, column] : null;
  }

  // ---- what somebody does

  point(unit) {
    if (String(unit) === String(this.pointed)) return;
    this.pointed = unit;
    this.overlay();
  }

  choose(unit) {
    if (!unit) return;
    this.unit = unit;
    this.pointed = null;
    this.overlay();
    this.tell(unit);
  }

  key(event) {
    const now = this.pointed ?? this.unit;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.choose(now); return; }
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    const keep = (value, count) => Math.min(Math.max(value, 0), count - 1);
    this.point([keep(now[0] + by[0], this.data.rows), keep(now[1] + by[1], this.data.columns)]);
  }

  // ---- what stands still

  draw() {
    this.layout();
    const { data, place } = this;
    const { map, outer, image } = place;
    this.svg.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
    this.svg.style.width = place.width + "px";
    this.svg.style.height = place.height + "px";
    const parts = [
      label(map.x, map.y - 9, `${data.layer}: ${times(data.rows, data.columns)}`, "title out"),
      label(outer.x, TOP - 9, `Image ${times(data.image.height, data.image.width)}`, "title in"),
    ];
    parts.push(rect(map.x, map.y, map.w, map.h, data.map ? "paper" : "void"));
    if (data.map) parts.push(picture(map, data.map));
    if (map.cell > 6) {
      let lines = "";
      for (let r = 1; r < data.rows; r++) lines += `M${map.x} ${map.y + r * map.cell}h${map.w}`;
      for (let c = 1; c < data.columns; c++) lines += `M${map.x + c * map.cell} ${map.y}v${map.h}`;
      parts.push(`<path class="grid" d="${lines}"/>`);
    }
    parts.push(rect(map.x, map.y, map.w, map.h, "frame out"));
    if (data.channel) parts.push(label(map.x, map.y + map.h + 17, data.channel, "small"));
    parts.push(rect(outer.x, outer.y, outer.w, outer.h, "void"));
    parts.push(`<g class="photo">${picture(image, data.image.source)}</g><g class="warm"></g>`);
    parts.push(rect(image.x, image.y, image.w, image.h, "frame in"));
    if (place.beyond.some((pixels) => pixels > 0)) parts.push(label(outer.x, outer.y + outer.h + 17, "around it: padding, nothing to see", "small"));
    this.still.innerHTML = parts.join("");
    this.photo = this.still.querySelector(".photo image");
    this.warm = this.still.querySelector(".warm");
    this.svg.setAttribute("aria-label",
      `The map of ${data.layer}, ${data.rows} by ${data.columns} units, and an image of ${data.image.height} by ` +
      `${data.image.width} pixels. The arrow keys choose a unit, Enter asks for its gradient.`);
    this.overlay();
  }

  // ---- one unit

  overlay() {
    const { data, place } = this;
    const { map, outer, image, scale } = place;
    const [row, column] = this.pointed ?? this.unit;
    const chosen = String([row, column]) === String(data.unit);
    const heat = chosen && data.heat;
    this.photo.classList.toggle("dim", Boolean(heat));
    const drawn = heat ? data.heat.source : "";
    if (this.drawn !== drawn || !this.warm.firstChild === Boolean(drawn)) {
      this.warm.innerHTML = drawn ? picture(image, drawn) : "";
      this.drawn = drawn;
    }
    const [down, across] = [data.axes[0][row], data.axes[1][column]];
    const x = (pixel) => Math.min(Math.max(image.x + pixel * scale, outer.x), outer.x + outer.w);
    const y = (pixel) => Math.min(Math.max(image.y + pixel * scale, outer.y), outer.y + outer.h);
    const here = { x: map.x + column * map.cell, y: map.y + row * map.cell };
    const seen = { x: x(across[2]), y: y(down[2]) };
    const blind = down[2] === down[3] || across[2] === across[3]; // padding alone along one axis: no pixel at all
    seen.w = blind ? 0 : x(across[3]) - seen.x;
    seen.h = blind ? 0 : y(down[3]) - seen.y;
    const parts = [];
    const cut = (from, to) => from + ((to - from) * (map.x + map.w - here.x - map.cell)) / (seen.x - here.x - map.cell || 1);
    const right = map.x + map.w;
    parts.push(`<polygon class="beam" points="${right},${cut(here.y, seen.y)} ${seen.x},${seen.y} ${seen.x},${seen.y + seen.h} ${right},${cut(here.y + map.cell, seen.y + seen.h)}"/>`);
    this.centres(parts, x, y);
    if (!heat) parts.push(rect(seen.x, seen.y, seen.w, seen.h, "fill"));
    const theory = down[0] === null ? null : { x: x(across[0]), y: y(down[0]), w: x(across[1]) - x(across[0]), h: y(down[1]) - y(down[0]) };
    if (theory) parts.push(rect(theory.x, theory.y, theory.w, theory.h, "theory"));
    parts.push(rect(seen.x, seen.y, seen.w, seen.h, "seen"));
    if (!chosen) parts.push(rect(map.x + this.unit[1] * map.cell, map.y + this.unit[0] * map.cell, map.cell, map.cell, "pinned"));
    const least = Math.max(map.cell, 5);
    parts.push(rect(here.x - (least - map.cell) / 2, here.y - (least - map.cell) / 2, least, least, "unit"));
    this.moving.innerHTML = parts.join("");
    Object.assign(this.root.dataset, {
      unit: `${row + 1},${column + 1}`, seen: blind ? "0,0" : `${down[3] - down[2]},${across[3] - across[2]}`, heat: heat ? "shown" : "",
    });
    this.words(row, column, down, across, heat);
  }

  // The middle of each unit's box: they lie one jump apart.
  centres(parts, x, y) {
    const { data, place } = this;
    if (!data.jump || Math.min(...data.jump) * place.scale < 7) return;
    const inside = (boxes, size) => boxes.map(([first, last]) => (first + last) / 2).filter((middle) => middle >= 0 && middle <= size);
    for (const r of inside(data.axes[0], data.image.height)) for (const c of inside(data.axes[1], data.image.width))
      parts.push(`<circle class="centre" cx="${x(c)}" cy="${y(r)}" r="1.3"/>`);
  }

  words(row, column, down, across, heat) {
    const { data } = this;
    const sees = [down[3] - down[2], across[3] - across[2]];
    const whole = data.size ? times(...data.size) : "no one size";
    const range = ([first, last, from, to]) => {
      const real = from < to ? `${from + 1} to ${to}` : "none";
      return first === null || (first === from && last === to) ? real : `${sign(first + 1)} to ${sign(last)}`;
    };
    const blind = sees[0] * sees[1] === 0;
    const clipped = !blind && data.size && (sees[0] < data.size[0] || sees[1] < data.size[1]);
    // Rows and columns are counted from 1: the middle of 15 to 19 is 17.
    const middle = ([first, last, from, to]) => sign((first === null ? from + to : first + last) / 2 + 0.5);
    const facts = [
      ["field", `<span class="kernel-ink">${whole}</span>`],
      ["jump", data.jump ? (data.jump[0] === data.jump[1] ? data.jump[0] : times(...data.jump)) : "\u2013"],
      ["pixel rows", range(down)],
      ["columns", range(across)],
      ["centre", `${middle(down)}, ${middle(across)}`],
    ];
    const at = data.dense ? "" : ` (${row + 1}, ${column + 1})`;
    const cut = clipped
      ? `<p><b>Clipped at the border:</b> it really sees <b class="kernel-ink">${times(...sees)}</b> pixels.</p>`
      : !blind ? `<p class="mild">It lies inside of the image.</p>` : "<p><b>It sees padding alone.</b></p>";
    const said = heat ? heat.text.map((line) => `<p>${bold(line)}</p>`).join("")
      : String([row, column]) === String(this.unit) ? `<p class="mild">${escape(data.waiting)}</p>`
      : '<p class="mild">Click it to see which pixels it responds to.</p>';
    this.side.innerHTML = `<h4>${escape(data.layer)}, unit${at}</h4><dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join("")}</dl>${cut}${said}`;
  }
}
