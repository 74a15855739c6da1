// The rules of access over the embedded catalog. The order of levels and what a container's level means for each kind
// of object come with the data, so that they are written down once, in the program.

const EVERYONE = 1, ADMIN = 2, INACTIVE = 4, ADMIN_UNKNOWN = 8, UNREAD = 16; // flags of members
const TEAM_ARCHIVED = 1, TEAM_UNREAD = 2; // flags of teams
const ARCHIVED = 1, DOUBTFUL = 2; // flags of objects

/** Turns lists of steps back into lists of places. */
function summed(steps) {
  let at = 0;
  return steps.map((step) => (at += step));
}

/** Everything the page knows, indexed. */
function decode(raw) {
  const { members, teams, objects, grants } = raw;
  const data = { ...raw, teamsOf: members.title.map(() => new Set()), grantsOn: new Map() };
  teams.members.forEach((steps, team) => {
    if (teams.flags[team] & TEAM_ARCHIVED) return;
    for (const member of summed(steps)) data.teamsOf[member].add(team);
  });
  data.membersOf = teams.members.map(summed);
  summed(grants.object).forEach((object, place) => {
    const grant = { object, to: grants.to[place], level: grants.level[place], word: grants.word[place] };
    const on = data.grantsOn.get(object);
    if (on) on.push(grant);
    else data.grantsOn.set(object, [grant]);
  });
  data.owned = members.title.map(() => []);
  objects.owner.forEach((owner, object) => owner >= 0 && data.owned[owner].push(object));
  return data;
}

/** The object and the containers above it whose grants reach it, nearest first. */
function chain(data, object) {
  const found = [object];
  for (let steps = data.objects.depth[object]; steps > 0; steps--) {
    object = data.objects.parent[object];
    found.push(object);
  }
  return found;
}

/** Names of the containers above an object. */
function pathOf(data, object) {
  const stated = data.objects.path[object];
  if (stated !== null) return stated;
  return chain(data, object).slice(1).reverse().map((at) => data.objects.name[at]).join(" / ");
}

/** Hands on every grant that reaches an object, with the level it has there. A grantee below zero is everybody but guests;
 * from the number of members on, teams. */
function eachReaching(data, object, each) {
  const inherited = data.inherited[data.objects.kind[object]];
  let at = object;
  for (let depth = 0; depth <= data.objects.depth[object]; depth++) {
    if (depth > 0) at = data.objects.parent[at];
    for (const { to, level, word } of data.grantsOn.get(at) || []) {
      each({ at, depth, to, level: depth === 0 ? level : inherited[level], granted: level, word });
    }
  }
}

/** Kinds of path, in the order of preference between paths that are equal otherwise. */
const VIAS = { owner: 0, direct: 1, team: 2, everyone: 3, admin: 4 };

/** The winner first: the highest level, being an administrator last, the nearest grant, the kind, the team. */
function better(a, b) {
  return (
    b.level - a.level ||
    (a.via === "admin") - (b.via === "admin") ||
    a.depth - b.depth ||
    VIAS[a.via] - VIAS[b.via] ||
    (a.team ?? -1) - (b.team ?? -1) ||
    b.granted - a.granted
  );
}

function ownerPath(data, object) {
  const level = data.levels.length - 1;
  return { level, via: "owner", at: object, depth: 0, granted: level };
}

function adminPath(data, object) {
  const level = data.levels.length - 2;
  return { level, via: "admin", at: object, depth: 0, granted: level };
}

/** The path that a grant makes for whoever it names. */
function grantPath(data, { to, at, depth, level, granted, word }) {
  if (to < 0) return { at, depth, level, granted, word, via: "everyone", team: data.everyone };
  const team = to - data.members.title.length;
  return team < 0 ? { at, depth, level, granted, word, via: "direct" } : { at, depth, level, granted, word, via: "team", team };
}

/** What there is of access to what is in the trash, or for somebody who is switched off: nothing, surely. */
const NOTHING = { paths: [], level: 0, confidence: "exact" };

/** All paths from a member to an object, the winning one first, and how sure the answer is. */
function answer(data, member, object) {
  const flags = data.members.flags[member];
  if (flags & INACTIVE || data.objects.flags[object] & ARCHIVED) return NOTHING;
  const people = data.members.title.length;
  const paths = [];
  let hidden = -1;
  eachReaching(data, object, (grant) => {
    const team = grant.to - people;
    if (team >= 0 && data.teams.flags[team] & TEAM_UNREAD) hidden = Math.max(hidden, grant.level);
    const reaches = grant.to < 0 ? flags & EVERYONE : team >= 0 ? data.teamsOf[member].has(team) : grant.to === member;
    if (reaches) paths.push(grantPath(data, grant));
  });
  if (data.objects.owner[object] === member) paths.push(ownerPath(data, object));
  if (flags & ADMIN) paths.push(adminPath(data, object));
  return close(data, member, object, paths, hidden);
}

/** Puts the winning path first, and says how sure the answer is: as sure as everything it rests on. */
function close(data, member, object, paths, hidden) {
  paths.sort(better);
  const flags = data.members.flags[member];
  const best = paths.length ? paths[0].level : -1;
  const doubt =
    !data.byAdministrator ||
    (data.objects.flags[object] & DOUBTFUL) !== 0 ||
    (flags & (UNREAD | ADMIN_UNKNOWN)) !== 0 ||
    hidden > best ||
    paths.some((path) => path.level === 0);
  const top = data.levels.length - 2;
  const confidence = best >= top || !doubt ? "exact" : best <= 0 ? "unknown" : "lower bound";
  return { paths, level: Math.max(best, 0), confidence };
}

/** What a member may use of a level; null: what its account type allows is not known. */
function usable(data, member, level) {
  const most = data.members.most[member];
  return most < 0 ? null : Math.min(level, most);
}

/** Whether an answer says more than that there is surely nothing. */
function matters(given) {
  return given.paths.length > 0 || given.confidence !== "exact";
}

/** What a member has on everything, as [object, answer] in the order of objects, without what it surely has not. */
function reachOf(data, member) {
  const found = [];
  for (let object = 0; object < data.objects.name.length; object++) {
    const given = answer(data, member, object);
    if (matters(given)) found.push([object, given]);
  }
  return found;
}

/** What everybody has on an object, as [member, answer] in the order of members, without who surely has nothing. */
function audienceOf(data, object) {
  if (data.objects.flags[object] & ARCHIVED) return [];
  const people = data.members.title.length;
  const paths = data.members.title.map(() => []);
  let hidden = -1;
  eachReaching(data, object, (grant) => {
    const path = grantPath(data, grant);
    if (path.via === "direct") paths[grant.to].push(path);
    else if (path.via === "everyone") paths.forEach((of, member) => data.members.flags[member] & EVERYONE && of.push(path));
    else {
      const team = grant.to - people;
      if (data.teams.flags[team] & TEAM_UNREAD) hidden = Math.max(hidden, grant.level);
      for (const member of data.membersOf[team]) paths[member].push(path);
    }
  });
  if (data.objects.owner[object] >= 0) paths[data.objects.owner[object]].push(ownerPath(data, object));
  const found = [];
  paths.forEach((of, member) => {
    const flags = data.members.flags[member];
    if (flags & INACTIVE) return;
    if (flags & ADMIN) of.push(adminPath(data, object));
    const given = close(data, member, object, of, hidden);
    if (matters(given)) found.push([member, given]);
  });
  return found;
}

/** For each team and workspace the highest level, on how many objects, and whether something of the workspace was not
 * read: {columns, unread, rows: [name, cells]}. */
function heatMap(data) {
  const people = data.members.title.length;
  const columns = [];
  const columnOf = new Map();
  data.objects.kind.forEach((kind, object) => {
    if (data.kinds[kind] !== "workspace") return;
    columnOf.set(object, columns.length);
    columns.push(object);
  });
  const unread = columns.map(() => !data.byAdministrator);
  const rows = new Map();
  for (let object = 0; object < data.objects.name.length; object++) {
    const column = columnOf.get(chain(data, object).pop());
    if (column === undefined || data.objects.flags[object] & ARCHIVED) continue;
    if (data.objects.flags[object] & DOUBTFUL) unread[column] = true;
    const best = new Map();
    eachReaching(data, object, ({ to, level }) => {
      if (to < 0 || to >= people) best.set(to, Math.max(best.get(to) || 0, level));
    });
    for (const [team, level] of best) {
      if (level === 0) continue;
      if (!rows.has(team)) rows.set(team, columns.map(() => ({ level: 0, objects: 0 })));
      const cell = rows.get(team)[column];
      cell.level = Math.max(cell.level, level);
      cell.objects += 1;
    }
  }
  const title = (team) => (team < 0 ? data.teams.name[data.everyone] : data.teams.name[team - people]);
  // Everybody comes first, then teams by name.
  const sorted = [...rows].sort((a, b) => a[0] - b[0]);
  return { columns, unread, rows: sorted.map(([team, cells]) => [title(team), cells]) };
}
