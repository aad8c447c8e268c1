// Images that are links. A plain click tells Python where it leads, and the app opens the page within the session; with
// a modifier key, or the middle button, the browser follows the address itself.

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const root = parentElement.querySelector(".tiles");
  root.style.gridTemplateColumns = `repeat(auto-fill, minmax(${data.width}px, 1fr))`;
  root.replaceChildren(...data.tiles.map((tile) => linkOf(tile, () => setTriggerValue("opened", tile.link))));
}

function linkOf(tile, open) {
  const link = document.createElement("a");
  link.className = "tile";
  link.href = tile.link;
  link.title = tile.about;
  const image = document.createElement("img");
  image.src = tile.source;
  image.alt = tile.about;
  const caption = document.createElement("span");
  caption.textContent = tile.caption;
  link.append(image, caption);
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  };
  return link;
}
