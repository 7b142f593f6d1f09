// The shapes of event types, in a box of 10 by 10. A shape always goes with a colour, so that types can be told apart
// without seeing colours. Slots 0 to 7 are types of their own (`model/slots.ts`); the slot after them is every other type.

export const SHAPES: readonly string[] = [
  'M5 1a4 4 0 1 0 0 8a4 4 0 1 0 0-8z',
  'M1 1h8v8H1z',
  'M5 1 9.4 9H.6z',
  'M5 0 10 5 5 10 0 5z',
  'M.6 1h8.8L5 9z',
  'M2 0 5 3 8 0l2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z',
  'M5 .4 9.8 4 8 9.6H2L.2 4z',
  'M3.8 0h2.4v3.8H10v2.4H6.2V10H3.8V6.2H0V3.8h3.8z',
  'M5 3a2 2 0 1 0 0 4a2 2 0 1 0 0-4z',
];

/** So many slots have a shape of their own; all after them share the last one. */
export const OWN_SHAPES = SHAPES.length - 1;

export function shapeOf(slot: number): string {
  return SHAPES[slot] ?? SHAPES[SHAPES.length - 1] ?? '';
}

/** The token that holds a slot's colour. */
export function colourToken(slot: number): string {
  return slot < OWN_SHAPES ? `--ev-${slot + 1}` : '--ev-other';
}
