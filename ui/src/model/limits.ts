// How much of something the window shows together.

/** The engine shows so many streams as lanes. */
export const MOST_LANES = 24;
