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

/** The best few matches: names that begin with the question first, then names that hold it, then the rest. */
function search(things, question, most) {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return { found: [], total: 0 };
  const ranks = [[], [], []];
  let total = 0;
  for (const thing of things) {
    if (!words.every((word) => thing.text.includes(word))) continue;
    total += 1;
    const title = thing.title.toLowerCase();
    const rank = title.startsWith(words[0]) ? 0 : title.includes(words[0]) ? 1 : 2;
    if (ranks[rank].length < most) ranks[rank].push(thing);
  }
  return { found: ranks.flat().slice(0, most), total };
}
