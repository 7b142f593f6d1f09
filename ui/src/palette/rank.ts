// How well words answer what a person typed. Pure. Stream ids are ranked where they live, in the engine.

/** Smaller is better; `null`: not at all. `words` are other names, which count less than the title. */
export function rankOf(title: string, words: string, text: string): number | null {
  const wanted = text.toLowerCase();
  const own = title.toLowerCase();
  if (wanted === '' || own.startsWith(wanted)) return 0;
  const parts = wanted.split(/\s+/);
  if (wordsOf(own).some((word) => word.startsWith(wanted))) return 1;
  if (parts.every((part) => wordsOf(own).some((word) => word.startsWith(part)))) return 2;
  if (own.includes(wanted)) return 3;
  const all = [...wordsOf(own), ...wordsOf(words.toLowerCase())];
  if (parts.every((part) => all.some((word) => word.startsWith(part)))) return 4;
  return wanted.length > 1 && isInitials(wordsOf(own), wanted) ? 5 : null;
}

/** The best first; equals stay in their order. */
export function ranked<T>(all: readonly T[], rank: (one: T) => number | null): T[] {
  return all
    .map((one) => ({ one, rank: rank(one) }))
    .filter((entry): entry is { one: T; rank: number } => entry.rank !== null)
    .sort((x, y) => x.rank - y.rank)
    .map(({ one }) => one);
}

/** Where a text stands in a title, for marking it: before, itself, after; `null` when it does not. */
export function partsAround(title: string, text: string): [string, string, string] | null {
  const own = title.toLowerCase();
  const wanted = text.toLowerCase();
  const places = wanted === '' ? [] : placesOf(own, wanted);
  // Where it begins a word, it is what was meant.
  const at = places.find((place) => place === 0 || /[\s\-_.,:/@]/.test(own[place - 1] ?? '')) ?? places[0];
  // Lower case may be longer than what it is of: then nothing is marked.
  if (at === undefined || own.length !== title.length) return null;
  return [title.slice(0, at), title.slice(at, at + text.length), title.slice(at + text.length)];
}

function placesOf(own: string, wanted: string): number[] {
  const found: number[] = [];
  for (let at = own.indexOf(wanted); at >= 0; at = own.indexOf(wanted, at + 1)) found.push(at);
  return found;
}

function wordsOf(text: string): string[] {
  return text.split(/[\s\-_.,:/@…]+/).filter(Boolean);
}

// `gts` for "Go to a stream": first letters of words, in order, some left out.
function isInitials(words: readonly string[], wanted: string): boolean {
  let at = 0;
  for (const word of words) if (word.startsWith(wanted[at] ?? '\n')) at += 1;
  return at === wanted.length;
}
