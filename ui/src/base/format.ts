// How the interface writes counts. Payload literals never come here: they are shown as stored.

/** How a category is called, here and by the engine, that has no name. */
export const NO_NAME = '(none)';

/** `1000214` → `1,000,214`. Takes digits as text too, and leaves every other text alone. */
export function countText(value: number | bigint | string): string {
  const text = `${value}`;
  return /^-?\d+$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, ',') : text;
}

/** `1 event`, `1,000,214 events`. */
export function countOf(value: number, one: string, many: string): string {
  return `${countText(value)} ${value === 1 ? one : many}`;
}

/** `v 734,201`. */
export function versionText(version: string): string {
  return `v ${countText(version)}`;
}

/** `v 734,201` of a version; `#4,711` of `#4711`, a position, which names an event where the store keeps no versions. */
export function placeText(place: string): string {
  return place.startsWith('#') ? `#${countText(place.slice(1))}` : versionText(place);
}

/** The cursor of an event: its version, or its position where the store keeps no versions. */
export function cursorOfEvent(event: { version: string; position: string }): string {
  return event.version === '' ? `#${event.position}` : `v${event.version}`;
}

/** The cursor of the event that a finding is about; empty: it is about none. */
export function cursorOfFinding({ position, version }: { position: string | null; version: string | null }): string {
  return version === null && position === null
    ? ''
    : cursorOfEvent({ version: version ?? '', position: position ?? '' });
}

/** An event by its version; by its position in a store that keeps no versions. */
export function eventPlaceText(event: { version: string; position: string }): string {
  return placeText(event.version === '' ? `#${event.position}` : event.version);
}

/** `48.2 kB`, in powers of 1000 and rounded down, as the engine writes sizes: none looks larger than it is. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let tenths = Math.floor(bytes / 100);
  let unit = 0;
  while (tenths >= 10_000 && unit < units.length - 1) {
    tenths = Math.floor(tenths / 1000);
    unit += 1;
  }
  return `${countText(Math.floor(tenths / 10))}.${tenths % 10} ${units[unit] ?? ''}`;
}

/** Whole percent, never 100 before the end. */
export function percentText(done: number, total: number): string {
  if (total <= 0) return '0 %';
  return `${done >= total ? 100 : Math.min(99, Math.floor((done / total) * 100))} %`;
}

/** A share in per cent, with one digit below ten; something is never shown as nothing, nor less than all as all. */
export function shareText(count: number, of: number): string {
  if (count === 0 || of === 0) return '0 %';
  if (count >= of) return '100 %';
  const percent = (100 * count) / of;
  if (percent < 0.1) return '<0.1 %';
  return percent < 10 ? `${percent.toFixed(1)} %` : `${Math.min(99, Math.round(percent))} %`;
}

/** The last part of a path, for titles. */
export function fileName(location: string): string {
  return location.split(/[\\/]/).filter(Boolean).at(-1) ?? location;
}

/** `shop/handlers/…/order@1.1.0`: of a text with more than `most` signs its begin and the greater part of its end. */
export function middleCut(text: string, most: number): string {
  const signs = [...text];
  if (signs.length <= most) return text;
  const tail = Math.ceil((most * 2) / 3);
  return `${signs.slice(0, most - tail - 1).join('')}…${signs.slice(-tail).join('')}`;
}

/** What may be cut of a text, and its end, which never is: ids differ there mostly. */
export function halvesOf(text: string): [string, string] {
  if (text.length <= 2 * TAIL) return [text, ''];
  // Behind a category all of an id may differ: it stays, where it is not too long.
  const own = text.length - text.indexOf('-') - 1;
  const tail = own > TAIL && own <= LONGEST_TAIL && own < text.length && !text.includes('/') ? own : TAIL;
  const at = text.length - tail;
  // A sign of two units stays whole.
  const isPair = /[\udc00-\udfff]/.test(text[at] ?? '');
  return [text.slice(0, isPair ? at - 1 : at), text.slice(isPair ? at - 1 : at)];
}

/** Two letters for event types that have no colour of their own: `LoyaltyPointsGranted` → `LP`. */
export function typeCode(name: string): string {
  const capitals = name.match(/[A-Z]/g);
  return (capitals && capitals.length > 1 ? capitals.slice(0, 2).join('') : name.slice(0, 2)).toUpperCase();
}

/** Characters at the end of a text that is cut in its middle. */
const TAIL = 8;
/** What stands behind the category of an id is kept up to so many. */
const LONGEST_TAIL = 18;
