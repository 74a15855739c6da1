// What happens on the page: the search, the address after the sign `#`, the theme.

const data = decode(JSON.parse(document.getElementById("data").textContent));
const things = searchIndex(data);
const field = document.getElementById("question");
const list = document.getElementById("answers");
const told = document.getElementById("told");
const panel = document.getElementById("panel");
let chosen = -1;

function ask() {
  const { found, total } = search(things, field.value, 12);
  chosen = -1;
  list.replaceChildren(...found.map((thing, place) => {
    const where = thing.kind === "person" ? data.members.name[thing.at] : pathOf(data, thing.at);
    const href = `#${thing.kind === "person" ? "person" : "object"}-${thing.at}`;
    return el("li", { role: "option", id: `answer-${place}`, "aria-selected": "false" },
      el("a", { href, tabindex: "-1" }, el("span", { class: "role" }, thing.kind), el("strong", {}, thing.title), where && el("small", {}, where)));
  }));
  list.hidden = !found.length;
  field.setAttribute("aria-expanded", String(found.length > 0));
  field.removeAttribute("aria-activedescendant");
  told.textContent = !field.value.trim() ? "" : total > found.length ? `${number.format(total)} found, the first ${found.length} shown` : `${number.format(total)} found`;
}

function choose(place) {
  const options = [...list.children];
  if (!options.length) return;
  chosen = (place + options.length) % options.length;
  options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
  options[chosen].scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", options[chosen].id);
}

field.addEventListener("input", ask);
field.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Escape") { field.value = ""; ask(); }
  else if (event.key === "Enter") { if (chosen < 0) choose(0); list.children[chosen]?.querySelector("a").click(); }
  else return;
  event.preventDefault();
});

/** Shows what the address asks for: a person or an object. */
function follow() {
  const asked = /^#(person|object)-(\d+)$/.exec(location.hash);
  if (!asked) return;
  const at = Number(asked[2]);
  const known = asked[1] === "person" ? data.members.title[at] : data.objects.name[at];
  if (known === undefined) return;
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  const made = asked[1] === "person" ? personPanel(data, at) : objectPanel(data, at);
  panel.replaceChildren(made);
  made.focus({ preventScroll: true });
  document.getElementById("search").scrollIntoView();
}

window.addEventListener("hashchange", follow);
follow();

const heat = document.getElementById("heat");
const drawHeat = () => heat.childElementCount || heat.append(...[heatTable(data)].flat().filter(Boolean));
if ("IntersectionObserver" in window) new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && drawHeat(), { rootMargin: "600px" }).observe(heat);
else drawHeat();
// On paper nothing can be opened.
window.addEventListener("beforeprint", () => {
  drawHeat();
  for (const part of document.querySelectorAll("details")) {
    part.open = true;
    // The browser tells of the opening only after it has printed.
    part.dispatchEvent(new Event("toggle"));
  }
});

const theme = document.getElementById("theme");
const dark = () => document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
const nameTheme = () => { theme.textContent = dark() ? "Light" : "Dark"; };
theme.addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; nameTheme(); });
nameTheme();
document.documentElement.classList.add("ready");
