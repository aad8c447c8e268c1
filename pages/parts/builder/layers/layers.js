// The layers of a network, one row each. Every number and text comes from Python (cnncore/figures/layer_list.py).
// A click or the arrow keys choose a row; Alt with the arrows, or dragging, moves it; Delete removes it.

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const root = parentElement.querySelector(".layers");
  const tell = (what, place, steps = 0) => setTriggerValue("did", { what, place, steps });
  const focused = root.contains(root.getRootNode().activeElement);
  const scroll = root.scrollTop;
  root.replaceChildren(head(), ...data.rows.map((row) => rowOf(row, data, tell)));
  root.scrollTop = scroll;
  const chosen = root.querySelector('[aria-selected="true"]');
  if (chosen) {
    if (focused) chosen.focus({ preventScroll: true });
    const top = chosen.offsetTop - 30, bottom = chosen.offsetTop + chosen.offsetHeight;
    const hidden = top < root.scrollTop || bottom > root.scrollTop + root.clientHeight;
    if (hidden) root.scrollTop = top - root.clientHeight / 3;
  }
}

const element = (kind, name, text = "") => {
  const made = document.createElement(kind);
  made.className = name;
  made.textContent = text;
  return made;
};

function head() {
  const row = element("div", "row head");
  row.setAttribute("aria-hidden", "true"); // a list box holds choices alone
  for (const [name, text] of [["glyph", ""], ["what", "layer"], ["output", "output"], ["weights", "weights"],
    ["biases", "biases"], ["macs", "mult.-adds"], ["memory", "memory"], ["field", "sees px"]]) {
    row.append(element("span", name, text));
  }
  return row;
}

const same = (a, b) => a.length === b.length && a.every((value, index) => value === b[index]);
let dragged = null; // the place of the row that is being dragged

function rowOf(row, data, tell) {
  const line = element("div", `row ${row.group}${row.problem ? " bad" : ""}`);
  line.tabIndex = same(row.place, data.selected) ? 0 : -1;
  line.setAttribute("role", "option");
  line.setAttribute("aria-selected", String(same(row.place, data.selected)));
  line.title = row.problem;
  line.dataset.place = row.place.join(",");
  const glyph = element("span", "glyph");
  const map = element("i", "map");
  map.style.width = `${4 + 34 * row.wide}px`;
  map.style.height = `${4 + 20 * row.tall}px`;
  glyph.append(map);
  const what = element("span", "what");
  what.append(element("b", "", row.name), element("small", "", row.detail));
  line.append(glyph, what, element("span", "output", row.problem ? "?" : row.output));
  for (const name of ["weights", "biases", "macs", "memory", "field"]) line.append(element("span", name, row[name] ?? ""));
  const bar = element("i", "bar");
  bar.style.width = `${100 * row.share}%`;
  line.querySelector(".weights").append(bar);
  line.onclick = () => tell("pick", row.place);
  line.onkeydown = (event) => pressed(event, line, row.place, tell);
  draggable(line, row.place, tell);
  if (!row.paths) return line;
  const block = element("div", "block");
  block.setAttribute("role", "group");
  block.setAttribute("aria-label", row.name);
  const paths = element("div", row.open ? "paths" : "paths closed");
  for (const path of row.paths) paths.append(pathOf(path, row.open, data, tell));
  block.append(line, paths);
  return block;
}

function pathOf(path, open, data, tell) {
  const box = element("div", "path");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", path.title);
  const title = element("span", "title", path.title);
  title.setAttribute("aria-hidden", "true"); // the group is called so
  box.append(title);
  if (path.rows.length) box.append(...path.rows.map((row) => rowOf(row, data, tell)));
  else {
    const slot = element("button", "slot", path.summary);
    slot.type = "button";
    slot.tabIndex = same(path.place, data.selected) ? 0 : -1;
    slot.setAttribute("role", "option");
    slot.setAttribute("aria-label", `${path.title}: ${path.summary}`);
    slot.setAttribute("aria-selected", String(same(path.place, data.selected)));
    slot.dataset.place = path.place.join(",");
    slot.onclick = (event) => { event.stopPropagation(); tell("pick", path.place); };
    slot.onkeydown = (event) => pressed(event, slot, path.place, tell, false);
    box.append(slot);
  }
  return box;
}

// A path that is shut or empty is no `layer`: it can be chosen, not moved or removed.
function pressed(event, line, place, tell, layer = true) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (layer && (event.key === "Delete" || event.key === "Backspace")) tell("remove", place);
  else if (event.key === "Enter" || event.key === " ") tell("pick", place);
  else if (layer && step && event.altKey) tell("move", place, step);
  else if (step) {
    const rows = [...line.closest(".layers").querySelectorAll('[role="option"]')];
    const next = rows[rows.indexOf(line) + step];
    if (next) { next.focus(); tell("pick", next.dataset.place.split(",").map(Number)); }
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

// A row moves within its own path: where it can go is where its neighbours are.
function draggable(line, place, tell) {
  const fits = () => dragged && dragged.length === place.length && same(dragged.slice(0, -1), place.slice(0, -1));
  line.draggable = true;
  line.ondragstart = (event) => { dragged = place; event.dataTransfer.effectAllowed = "move"; event.stopPropagation(); };
  line.ondragend = () => { dragged = null; };
  line.ondragover = (event) => {
    if (!fits()) return;
    event.preventDefault();
    line.classList.toggle("below", place.at(-1) > dragged.at(-1));
    line.classList.toggle("above", place.at(-1) < dragged.at(-1));
  };
  line.ondragleave = () => line.classList.remove("above", "below");
  line.ondrop = (event) => {
    line.classList.remove("above", "below");
    if (!fits()) return;
    event.preventDefault();
    const steps = place.at(-1) - dragged.at(-1);
    if (steps) tell("move", dragged, steps);
  };
}
