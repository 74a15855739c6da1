// Search over people and objects: all words of the question, anywhere in the name, the address or the path.

/** A list of things to find, made once: the text is what is searched, the name decides the order. */
function searchIndex(data) {
  const things = [];
  data.members.title.forEach((title, member) => {
    const name = data.members.name[member] || "";
    things.push({ kind: "person", at: member, title, text: `${title} ${name}`.toLowerCase() });
  });
  data.objects.name.forEach((title, object) => {
    const text = `${title} ${pathOf(data, object)} ${data.objects.url[object] || ""}`.toLowerCase();
    things.push({ kind: data.kinds[data.objects.kind[object]], at: object, title, text });
  });
  return things;
}

/** How good a match a name is, the best first: the question itself, what begins with it, what begins with its first word,
 * what holds that, what does not (the words are in the address or the path then). */
function rankOf(title, asked, word) {
  if (title === asked) return 0;
  if (title.startsWith(asked)) return 1;
  if (title.startsWith(word)) return 2;
  return title.includes(word) ? 3 : 4;
}

/** The best few of the things that hold all words of the question, and how many do. */
function search(things, question, most) {
  const asked = question.trim().toLowerCase();
  const words = asked.split(/\s+/).filter(Boolean);
  if (!words.length) return { found: [], total: 0 };
  const ranks = [[], [], [], [], []];
  let total = 0;
  for (const thing of things) {
    if (!words.every((word) => thing.text.includes(word))) continue;
    total += 1;
    const rank = ranks[rankOf(thing.title.toLowerCase(), asked, words[0])];
    if (rank.length < most) rank.push(thing);
  }
  return { found: ranks.flat().slice(0, most), total };
}
