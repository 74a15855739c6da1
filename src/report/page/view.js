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

/** What the account type leaves of a level, where that is known to be less. */
function leavesLess(data, member, level) {
  const left = usable(data, member, level);
  return left !== null && left < level ? left : null;
}

/** Why a person has what they have on an object: every path, the one that decides first. */
function explain(data, member, object, given) {
  const { paths, level, confidence } = given;
  const kind = data.objects.kind[object];
  const type = data.members.type[member] ? `The account type “${data.members.type[member]}”` : "The account type";
  const less = leavesLess(data, member, level);
  const said = [];
  if (level) {
    said.push(levelChip(data, level, kind), ` by ${count(paths.length, "path")}. `);
    if (less !== null) said.push(`${type} leaves ${levelLabel(data, less, kind)} of it. `);
    else if (usable(data, member, level) === null) said.push(`${type}: what it lets people use of that is not known. `);
  } else said.push(paths.length ? "What is not established counts as no access. " : "No path is known, but something that could give one was not read. ");
  const drawn = paths.map((path, place) => drawPath(data, member, object, path, place === 0 && level > 0));
  return el("div", { class: "why" }, el("p", {}, said, confidenceChip(confidence)), drawn);
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
function explainedRow(data, member, object, given, first, note) {
  const kind = data.objects.kind[object];
  const button = el("button", { type: "button", class: "link", "aria-expanded": "false" }, first);
  const less = leavesLess(data, member, given.level);
  const more = given.paths.length > 1 && el("small", {}, ` +${given.paths.length - 1} more`);
  const row = el(
    "tr", {},
    el("th", { scope: "row" }, button, note && el("small", { class: "where" }, note)),
    el("td", {}, given.paths.length ? levelChip(data, given.level, kind) : "–", less !== null && el("small", { class: "usable" }, `usable: ${levelLabel(data, less, kind)}`)),
    el("td", {}, given.paths.length ? viaWords(data, given.paths[0]) : "–", more),
    el("td", {}, confidenceChip(given.confidence)),
  );
  let open = null;
  button.addEventListener("click", () => {
    if (open) open.remove();
    open = open ? null : el("tr", { class: "opened" }, el("td", { colspan: 4 }, explain(data, member, object, given)));
    button.setAttribute("aria-expanded", String(open !== null));
    if (open) row.after(open);
  });
  return row;
}

/** A part that opens, with rows that are made when it does. */
function part(title, note, open, make) {
  const node = el("details", { open }, el("summary", {}, title, el("small", {}, ` ${note}`)));
  const fill = () => node.open && node.childElementCount === 1 && node.append(make());
  node.addEventListener("toggle", fill);
  fill();
  return node;
}

/** How many there are of each, in words, the most frequent first. */
function tally(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function countsList(label, counts) {
  const most = 12;
  const items = counts.slice(0, most).map(([word, n]) => el("li", {}, el("strong", {}, number.format(n)), ` ${word}`));
  const left = counts.length > most && el("li", {}, `and ${counts.length - most} other ways`);
  return counts.length > 0 && el("ul", { class: "counts", "aria-label": label }, items, left);
}

/** How many of each level, the highest first, and by which ways. */
function levelCounts(data, answers) {
  const levels = tally(answers.map(([, given]) => given.level)).sort((a, b) => b[0] - a[0]);
  return [
    countsList("By level", levels.map(([level, n]) => [data.levels[level], n])),
    countsList("By way", tally(answers.map(([, given]) => `by ${viaWords(data, given.paths[0])}`))),
  ];
}

/** Apart: who or what has access, and of whom or what that is not known. */
function apart(answers) {
  return [answers.filter(([, given]) => given.level > 0), answers.filter(([, given]) => given.level === 0)];
}

/** What the account type of a person makes of levels. */
function capWords(data, member) {
  const type = data.members.type[member];
  const most = data.members.most[member];
  if (!type) return "Sigma names no account type for this person, so what of these levels can be used is not known.";
  if (most < 0) return `Levels are what was granted; what the account type “${type}” lets people use of them is not known.`;
  if (most === data.levels.length - 1) return "Administrators may use whatever was granted.";
  return `The account type “${type}” lets people use at most ${data.levels[most]}, whatever was granted.`;
}

function personPanel(data, member) {
  const flags = data.members.flags[member];
  const [reach, doubtful] = apart(reachOf(data, member));
  const notes = [
    data.members.name[member], data.members.type[member], data.members.kind[member],
    flags & ADMIN && "administrator", data.members.gone[member] && `${data.members.gone[member]}: no access at all`,
    data.members.status[member] && `in the catalog: ${data.members.status[member].replaceAll("_", " ")}`,
  ].filter(Boolean);
  const groups = new Map();
  for (const entry of reach) {
    const top = chain(data, entry[0]).pop();
    const place = data.kinds[data.objects.kind[top]] === "workspace" ? top : -1;
    if (!groups.has(place)) groups.set(place, []);
    groups.get(place).push(entry);
  }
  const ordered = [...groups].sort((a, b) => (a[0] < 0) - (b[0] < 0));
  const teams = [...data.teamsOf[member]].map((team) => data.teams.name[team]);
  const alone = flags & EVERYONE ? "In no team but All Members." : "In no team.";
  const rows = (entries) => longTable(["Object", "Level", "By", "Confidence"], entries, ([object, given]) =>
    explainedRow(data, member, object, given, data.objects.name[object], [kindWords(data, object), pathOf(data, object)].filter(Boolean).join(" in ")));
  return el(
    "article", { class: "panel", tabindex: "-1" },
    el("h3", {}, data.members.title[member]),
    el("p", { class: "facts" }, notes.join(" · ")),
    el("p", {}, teams.length ? `Teams: ${teams.join(", ")}` : alone),
    el("p", {}, el("strong", {}, `Reaches ${count(reach.length, "object")}.`), reach.length > 0 && " Choose one to see why."),
    reach.length > 0 && el("p", { class: "facts" }, capWords(data, member)),
    levelCounts(data, reach),
    ordered.map(([place, entries], group) =>
      part(place < 0 ? "Outside of workspaces" : data.objects.name[place], count(entries.length, "object"), group === 0 || ordered.length < 4, () => rows(entries))),
    doubtful.length > 0 && part("Not known", `whether this person reaches ${count(doubtful.length, "other object")}: no access is assumed`, false, () => rows(doubtful)),
  );
}

/** What a kind is called in a sentence. */
function kindWords(data, object) {
  return data.kinds[data.objects.kind[object]].replace("-", " ");
}

function objectPanel(data, object) {
  const kind = data.objects.kind[object];
  const [audience, doubtful] = apart(audienceOf(data, object));
  const people = data.members.title.length;
  const owner = data.objects.owner[object];
  const flags = data.objects.flags[object];
  const notes = [
    kindWords(data, object), pathOf(data, object), owner >= 0 && `owned by ${data.members.title[owner]}`,
    flags & ARCHIVED && "in the trash: what is granted on it gives nothing",
  ].filter(Boolean);
  const best = new Map();
  eachReaching(data, object, (grant) => {
    const known = best.get(grant.to);
    if (!known || grant.level > known.level) best.set(grant.to, grant);
  });
  const principals = flags & ARCHIVED ? [] : [...best.values()].filter((grant) => grant.to < 0 || grant.to >= people);
  const title = (grant) => (grant.to < 0 ? "everybody but guests" : data.teams.name[grant.to - people]);
  const rows = (entries) => longTable(["Person", "Level", "By", "Confidence"], entries, ([member, given]) =>
    explainedRow(data, member, object, given, data.members.title[member], data.members.name[member]));
  return el(
    "article", { class: "panel", tabindex: "-1" },
    el("h3", {}, data.objects.name[object]),
    el("p", { class: "facts" }, notes.join(" · ")),
    el("p", {}, el("strong", {}, `${count(audience.length, "person", "people")} can reach it.`), audience.length > 0 && " Choose one to see why."),
    principals.length > 0 && el("p", {}, "Teams: ", principals.map((grant, place) =>
      el("span", {}, place ? ", " : "", title(grant), " ", levelChip(data, grant.level, kind)))),
    levelCounts(data, audience),
    audience.length > 0 && rows(audience),
    doubtful.length > 0 && part("Not known", `whether ${count(doubtful.length, "other person", "other people")} can reach it: no access is assumed`, false, () => rows(doubtful)),
  );
}

/** Teams by workspaces: in each cell the highest level, and on how many objects. */
function heatTable(data) {
  const { columns, unread, rows } = heatMap(data);
  if (!rows.length) return el("p", {}, "No team was granted anything in a workspace.");
  const shown = columns.map((_, column) => column).filter((column) => rows.some(([, cells]) => cells[column].objects > 0));
  const heads = shown.map((column) =>
    el("th", { scope: "col" }, el("span", {}, data.objects.name[columns[column]]), unread[column] && el("small", { class: "sure lower-bound" }, "lower bound")));
  const body = rows.map(([title, cells]) =>
    el("tr", {}, el("th", { scope: "row" }, title), shown.map((column) => cells[column]).map((cell) =>
      cell.objects
        ? el("td", { class: `heat level-${data.levels[cell.level]}` }, el("strong", {}, data.levels[cell.level]), el("small", {}, count(cell.objects, "object")))
        : el("td", { class: "none" }, "–"))));
  const empty = columns.length - shown.length;
  return [
    el("div", { class: "scroll heatmap", tabindex: "0", role: "region", "aria-label": "Teams by workspaces" },
      el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Team"), heads)), el("tbody", {}, body))),
    empty > 0 && el("p", { class: "facts" }, `${count(empty, "workspace")} that no team reaches ${empty === 1 ? "is" : "are"} left out.`),
  ];
}
