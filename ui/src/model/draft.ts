// What of a text that began as somebody else's a person has typed. Pure.

/**
 * The draft of an edit without the lines of its values that stand as they were given: those change nothing. Every other
 * line keeps its number, so that what is wrong with the text is told where a person sees it.
 */
export function typedOf(draft: string, given: string): string {
  const values = new Set(
    given
      .split('\n')
      .filter((line) => VALUE.test(line))
      .map(bare),
  );
  const lines = draft.split('\n').map((line) => (VALUE.test(line) && values.has(bare(line)) ? '' : line));
  // A comma before nothing was one between values.
  return lines.join('\n').replace(/,(\s*\n\s*\})/g, '$1');
}

/** A line of its own for a place of the payload and its value. */
const VALUE = /^\s*"\//;

function bare(line: string): string {
  return line.trim().replace(/,$/, '');
}
