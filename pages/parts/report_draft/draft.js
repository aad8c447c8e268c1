// Keeps what is written in a report in this browser, letter by letter, and tells Python what it has kept. Fields are
// kept one by one: two tabs that write different ones lose nothing.

const PLACE = "cnncore.report";
const WRITTEN = /^(author|text_\d+|number_\d+_\d+)$/;

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".draft");
  const kept = () => {
    try {
      const found = JSON.parse(localStorage.getItem(PLACE));
      return found && typeof found === "object" ? found : {};
    } catch {
      return {};
    }
  };
  const keep = (fields) => {
    try {
      localStorage.setItem(PLACE, JSON.stringify(fields));
    } catch {
      setStateValue("full", true); // or a window that keeps nothing
    }
  };
  const tell = () => setStateValue("found", JSON.stringify({ fields: kept(), at: Date.now() }));

  const known = data.fields, before = root.known;
  const fields = before ? kept() : { ...known, ...kept() };
  for (const name of before ? Object.keys({ ...before, ...known }) : []) {
    if (same(before[name], known[name])) continue; // what is newer here is on its way to Python
    if (name in known) fields[name] = known[name];
    else delete fields[name];
  }
  root.known = known;
  keep(fields);
  if (!before && !same(fields, known)) tell();

  const write = (event) => {
    const place = event.target.closest?.('[class*="st-key-report_"]');
    const name = place?.className.match(/st-key-report_(\w+)/)[1] ?? "";
    if (!WRITTEN.test(name)) return;
    const now = kept();
    if (event.target.value) now[name] = event.target.value;
    else delete now[name];
    keep(now);
  };
  const changed = (event) => event.key === PLACE && tell(); // by another tab
  root.stop?.();
  document.addEventListener("input", write, true);
  addEventListener("storage", changed);
  root.stop = () => {
    document.removeEventListener("input", write, true);
    removeEventListener("storage", changed);
  };
  return root.stop;
}

function same(one, other) {
  const sorted = (value) => (value && !Array.isArray(value) && typeof value === "object"
    ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) : value);
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}
