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
  const data = { ...raw, teamsOf: members.title.map(() => []), grantsOn: new Map() };
  teams.members.forEach((steps, team) => {
    if (teams.flags[team] & TEAM_ARCHIVED) return;
    for (const member of summed(steps)) data.teamsOf[member].push(team);
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
  if (stated) return stated;
  return chain(data, object).slice(1).reverse().map((at) => data.objects.name[at]).join(" / ");
}

/** Every grant that reaches an object, with the level it has there. A grantee below zero is everybody but guests; from
 * the number of members on, teams. */
function* reaching(data, object) {
  const kind = data.objects.kind[object];
  let depth = 0;
  for (const at of chain(data, object)) {
    for (const grant of data.grantsOn.get(at) || []) {
      const level = depth === 0 ? grant.level : data.inherited[kind][grant.level];
      yield { at, depth, to: grant.to, level, granted: grant.level, word: grant.word };
    }
    depth += 1;
  }
}

const VIAS = ["owner", "direct", "team", "everyone", "admin"];

/** Whether the first path wins over the second: level, not being an administrator, the nearest grant, the kind, the team. */
function wins(a, b) {
  const keys = (path) => [-path.level, path.via === "admin" ? 1 : 0, path.depth, VIAS.indexOf(path.via), path.team ?? -1, -path.granted];
  const [left, right] = [keys(a), keys(b)];
  for (let place = 0; place < left.length; place++) {
    if (left[place] !== right[place]) return left[place] < right[place];
  }
  return false;
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
function grantPath(data, grant) {
  const { at, depth, level, granted, word } = grant;
  const path = { at, depth, level, granted, word };
  if (grant.to < 0) return { ...path, via: "everyone", team: data.everyone };
  if (grant.to < data.members.title.length) return { ...path, via: "direct" };
  return { ...path, via: "team", team: grant.to - data.members.title.length };
}

/** All paths from a member to an object, the winning one first, and how sure the answer is. */
function answer(data, member, object) {
  const flags = data.members.flags[member];
  const nothing = { paths: [], level: 0, confidence: "exact" };
  if (flags & INACTIVE || data.objects.flags[object] & ARCHIVED) return nothing;
  const people = data.members.title.length;
  const paths = [];
  let hidden = -1;
  for (const grant of reaching(data, object)) {
    const team = grant.to - people;
    if (team >= 0 && data.teams.flags[team] & TEAM_UNREAD) hidden = Math.max(hidden, grant.level);
    const reaches = grant.to < 0 ? flags & EVERYONE : team >= 0 ? data.teamsOf[member].includes(team) : grant.to === member;
    if (reaches) paths.push(grantPath(data, grant));
  }
  if (data.objects.owner[object] === member) paths.push(ownerPath(data, object));
  if (flags & ADMIN) paths.push(adminPath(data, object));
  paths.sort((a, b) => (wins(a, b) ? -1 : wins(b, a) ? 1 : 0));
  return close(data, member, object, paths, hidden);
}

/** How sure an answer is: as sure as everything it rests on. */
function close(data, member, object, paths, hidden) {
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

/** Everything a member reaches, as [object, answer] in the order of objects. */
function reachOf(data, member) {
  const found = [];
  for (let object = 0; object < data.objects.name.length; object++) {
    const given = answer(data, member, object);
    if (given.level > 0) found.push([object, given]);
  }
  return found;
}

/** Everybody who reaches an object, as [member, answer] in the order of members. */
function audienceOf(data, object) {
  if (data.objects.flags[object] & ARCHIVED) return [];
  const people = data.members.title.length;
  const paths = data.members.title.map(() => []);
  let hidden = -1;
  for (const grant of reaching(data, object)) {
    const path = grantPath(data, grant);
    if (path.via === "direct") paths[grant.to].push(path);
    else if (path.via === "everyone") paths.forEach((of, member) => data.members.flags[member] & EVERYONE && of.push(path));
    else {
      const team = grant.to - people;
      if (data.teams.flags[team] & TEAM_UNREAD) hidden = Math.max(hidden, grant.level);
      for (const member of data.membersOf[team]) paths[member].push(path);
    }
  }
  if (data.objects.owner[object] >= 0) paths[data.objects.owner[object]].push(ownerPath(data, object));
  const found = [];
  paths.forEach((of, member) => {
    const flags = data.members.flags[member];
    if (flags & INACTIVE) return;
    if (flags & ADMIN) of.push(adminPath(data, object));
    if (!of.length) return;
    of.sort((a, b) => (wins(a, b) ? -1 : wins(b, a) ? 1 : 0));
    const given = close(data, member, object, of, hidden);
    if (given.level > 0) found.push([member, given]);
  });
  return found;
}

/** For each team and workspace the highest level and how many objects: {columns, rows: [team, cells]}. */
function heatMap(data) {
  const people = data.members.title.length;
  const columns = [];
  const columnOf = new Map();
  const top = (object) => {
    const up = chain(data, object);
    return up[up.length - 1];
  };
  data.objects.name.forEach((_, object) => {
    if (data.kinds[data.objects.kind[object]] === "workspace") {
      columnOf.set(object, columns.length);
      columns.push(object);
    }
  });
  const rows = new Map();
  for (let object = 0; object < data.objects.name.length; object++) {
    const column = columnOf.get(top(object));
    if (column === undefined || data.objects.flags[object] & ARCHIVED) continue;
    const best = new Map();
    for (const grant of reaching(data, object)) {
      if (grant.to < 0 || grant.to >= people) best.set(grant.to, Math.max(best.get(grant.to) || 0, grant.level));
    }
    for (const [team, level] of best) {
      if (level === 0) continue;
      if (!rows.has(team)) rows.set(team, columns.map(() => ({ level: 0, objects: 0 })));
      const cell = rows.get(team)[column];
      cell.level = Math.max(cell.level, level);
      cell.objects += 1;
    }
  }
  const title = (team) => (team < 0 ? "All Members" : data.teams.name[team - people]);
  const sorted = [...rows].sort((a, b) => (a[0] < 0 ? -1 : b[0] < 0 ? 1 : title(a[0]).localeCompare(title(b[0]))));
  return { columns, rows: sorted.map(([team, cells]) => [title(team), cells]) };
}
