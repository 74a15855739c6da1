// Building blocks. Every text goes in as text: nothing here reads markup from the data.

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") for (const [event, hear] of Object.entries(value)) node.addEventListener(event, hear);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

const number = new Intl.NumberFormat("en");
const count = (n, one, many) => `${number.format(n)} ${n === 1 ? one : many || one + "s"}`;

/** Sigma's own word for a level on a kind of object. */
function levelLabel(data, level, kind) {
  return data.labels[kind][level];
}

function levelChip(data, level, kind) {
  return el("span", { class: `chip level-${data.levels[level]}` }, levelLabel(data, level, kind));
}

function confidenceChip(confidence) {
  const meaning = {
    exact: "Everything this rests on was read",
    "lower bound": "There is access; something that could raise it was not read",
    unknown: "Something that could give access was not read",
  };
  return el("span", { class: `sure ${confidence.replace(" ", "-")}`, title: meaning[confidence] }, confidence);
}

/** How a path gives access, in a few words. */
function viaWords(data, path) {
  if (path.via === "team" || path.via === "everyone") return `team ${data.teams.name[path.team] ?? "All Members"}`;
  return { owner: "owner", direct: "direct grant", admin: "administrator" }[path.via];
}

function box(role, title, note) {
  return el("li", { class: "box" }, el("span", { class: "role" }, role), el("strong", {}, title), note && el("span", { class: "note" }, note));
}

/** One path, drawn from the person to the object. */
function drawPath(data, member, object, path, wins) {
  const kindOf = (at) => data.kinds[data.objects.kind[at]];
  const nameOf = (at) => data.objects.name[at];
  const steps = [box("person", data.members.title[member], data.members.name[member])];
  if (path.team != null) steps.push(box("team", data.teams.name[path.team], path.via === "everyone" ? "everybody but guests" : "member of"));
  if (path.via === "admin") steps.push(box("account type", "Admin", "may see and edit all documents"));
  const up = chain(data, object).slice(0, path.depth + 1).reverse();
  up.forEach((at, step) => {
    const kind = data.objects.kind[at];
    let note = null;
    if (step === 0 && path.via === "owner") note = "owns it";
    else if (step === 0 && path.via !== "admin") note = `granted “${data.words[path.word]}”: ${levelLabel(data, path.granted, kind)}`;
    else if (step > 0 && at === object) note = `inherits ${levelLabel(data, path.level, kind)}`;
    steps.push(box(kindOf(at), nameOf(at), note));
  });
  return el("ol", { class: wins ? "path wins" : "path", "aria-label": wins ? "The path that decides" : "Another path" }, steps);
}

/** Why a person has what they have on an object: every path, the one that decides first. */
function explain(data, member, object) {
  const { paths, level, confidence } = answer(data, member, object);
  const kind = data.objects.kind[object];
  const head = level
    ? el("p", {}, levelChip(data, level, kind), " by ", count(paths.length, "path"), ". ", confidenceChip(confidence))
    : el("p", {}, "No access. ", confidenceChip(confidence));
  return el("div", { class: "why" }, head, paths.slice(0, 20).map((path, place) => drawPath(data, member, object, path, place === 0)));
}

/** A table whose rows are made when they are wanted: the first lot at once, more on demand. */
function longTable(captions, rows, makeRow, lot = 100) {
  const body = el("tbody");
  const more = el("button", { type: "button", class: "more" });
  let shown = 0;
  const show = () => {
    const next = rows.slice(shown, shown + lot);
    body.append(...next.map(makeRow));
    shown += next.length;
    more.textContent = `Show more (${number.format(rows.length - shown)} left)`;
    more.hidden = shown >= rows.length;
  };
  more.addEventListener("click", show);
  show();
  const heads = captions.map((caption) => el("th", { scope: "col" }, caption));
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, heads)), body), more);
}

/** A row that opens the explanation of a person's access to an object below itself. */
function explainedRow(data, member, object, given, first) {
  const kind = data.objects.kind[object];
  const button = el("button", { type: "button", class: "link", "aria-expanded": "false" }, first);
  const row = el(
    "tr", {},
    el("th", { scope: "row" }, button),
    el("td", {}, levelChip(data, given.level, kind)),
    el("td", {}, viaWords(data, given.paths[0]), given.paths.length > 1 && el("small", {}, ` +${given.paths.length - 1} more`)),
    el("td", {}, confidenceChip(given.confidence)),
  );
  let open = null;
  button.addEventListener("click", () => {
    if (open) open.remove();
    open = open ? null : el("tr", { class: "opened" }, el("td", { colspan: 4 }, explain(data, member, object)));
    button.setAttribute("aria-expanded", String(open !== null));
    if (open) row.after(open);
  });
  return row;
}

/** How many of each level, the highest first. */
function levelCounts(data, answers) {
  const counts = data.levels.map(() => 0);
  for (const [, given] of answers) counts[given.level] += 1;
  const parts = data.levels.map((name, level) => [name, counts[level]]).filter(([, n]) => n).reverse();
  return el("ul", { class: "counts" }, parts.map(([name, n]) => el("li", {}, el("strong", {}, number.format(n)), ` ${name}`)));
}

function personPanel(data, member) {
  const flags = data.members.flags[member];
  const reach = reachOf(data, member);
  const notes = [
    data.members.name[member], data.members.type[member], data.members.kind[member],
    flags & ADMIN && "administrator", data.members.gone[member] && `${data.members.gone[member]}: no access at all`,
    data.members.status[member] && `in the catalog: ${data.members.status[member]}`,
  ].filter(Boolean);
  const groups = new Map();
  for (const entry of reach) {
    const up = chain(data, entry[0]);
    const place = data.objects.path[entry[0]] ? data.objects.path[entry[0]].split(" / ")[0] : data.objects.name[up[up.length - 1]];
    if (!groups.has(place)) groups.set(place, []);
    groups.get(place).push(entry);
  }
  const teams = data.teamsOf[member].map((team) => data.teams.name[team]);
  return el(
    "article", { class: "panel", tabindex: "-1" },
    el("h3", {}, data.members.title[member]),
    el("p", { class: "facts" }, notes.join(" · ")),
    teams.length ? el("p", {}, "Teams: ", teams.join(", ")) : el("p", {}, "In no team but All Members."),
    el("p", {}, el("strong", {}, `Reaches ${count(reach.length, "object")}.`), " Choose a row to see why."),
    levelCounts(data, reach),
    [...groups].map(([place, entries], group) =>
      el("details", { open: group === 0 || groups.size < 4 },
        el("summary", {}, place, el("small", {}, ` ${count(entries.length, "object")}`)),
        longTable(["Object", "Level", "By", "Confidence"], entries, ([object, given]) =>
          explainedRow(data, member, object, given, `${data.objects.name[object]} (${data.kinds[data.objects.kind[object]]})`)))),
  );
}

function objectPanel(data, object) {
  const kind = data.objects.kind[object];
  const audience = audienceOf(data, object);
  const people = data.members.title.length;
  const owner = data.objects.owner[object];
  const flags = data.objects.flags[object];
  const notes = [
    data.kinds[kind], pathOf(data, object), owner >= 0 && `owned by ${data.members.title[owner]}`,
    flags & ARCHIVED && "archived: gives nothing",
    flags & DOUBTFUL && "not all grants that reach it were read: who is missing here may have access",
  ].filter(Boolean);
  const best = new Map();
  for (const grant of reaching(data, object)) {
    const known = best.get(grant.to);
    if (!known || grant.level > known.level) best.set(grant.to, grant);
  }
  const principals = [...best.values()].filter((grant) => grant.to < 0 || grant.to >= people);
  const title = (grant) => (grant.to < 0 ? "All Members (everybody but guests)" : `Team ${data.teams.name[grant.to - people]}`);
  return el(
    "article", { class: "panel", tabindex: "-1" },
    el("h3", {}, data.objects.name[object]),
    el("p", { class: "facts" }, notes.join(" · ")),
    el("p", {}, el("strong", {}, `${count(audience.length, "person", "people")} can reach it.`), " Choose a row to see why."),
    levelCounts(data, audience),
    principals.length > 0 && el("p", {}, "Granted to teams: ", principals.map((grant, place) =>
      el("span", {}, place ? ", " : "", title(grant), " ", levelChip(data, grant.level, kind)))),
    longTable(["Person", "Level", "By", "Confidence"], audience, ([member, given]) =>
      explainedRow(data, member, object, given, data.members.title[member])),
  );
}

function heatTable(data) {
  const { columns, rows } = heatMap(data);
  if (!rows.length) return el("p", {}, "No team was granted anything.");
  const head = el("tr", {}, el("th", { scope: "col" }, "Team"), columns.map((object) => el("th", { scope: "col" }, el("span", {}, data.objects.name[object]))));
  const body = rows.map(([title, cells]) =>
    el("tr", {}, el("th", { scope: "row" }, title), cells.map((cell) =>
      cell.objects
        ? el("td", { class: `heat level-${data.levels[cell.level]}` }, el("strong", {}, data.levels[cell.level]), el("small", {}, number.format(cell.objects)))
        : el("td", { class: "none" }, "–"))));
  return el("div", { class: "scroll heatmap", tabindex: "0", role: "region", "aria-label": "Teams by workspaces" },
    el("table", {}, el("thead", {}, head), el("tbody", {}, body)));
}
