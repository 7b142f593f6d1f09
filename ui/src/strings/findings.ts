// What findings are called where a person reads them. Their codes are what is searched for and handed on.

import { countText } from '../base/format';

const LIMIT = 'The event took the handler beyond a limit';
const UPCAST = 'No chain of upcasters leads to the present version';
const RULE = 'A rule of the handler failed';

const TITLES: Readonly<Record<string, string>> = {
  'checkpoint-in-rows': 'Rows seem to say how far the projection is',
  'clock-backwards': 'Recorded before an earlier version',
  'column-not-compared': 'The mapping says nothing of a column',
  'copy-differs': 'The copy is not what the store holds',
  damaged: 'Part of the file cannot be read',
  'leap-second': 'The time is a leap second',
  linked: 'Linked into another stream too',
  'no-stream': 'The store names no stream',
  'no-type': 'The store names no type',
  'not-an-event': 'A record is no event',
  'not-utf8': 'A stream id is not UTF-8',
  'payload-missing': 'The payload is missing',
  'position-replaced': 'Its own position could not be used',
  'read-model-ahead': 'The read model knows more than the store',
  'row-position-unreadable': 'Nobody can read how far a row is',
  'row-without-position': 'A row says nothing of how far it is',
  'rows-changed': 'Rows were changed while the store was open',
  'time-ambiguous': 'The local time was twice or never',
  'time-implausible': 'The time can hardly be true',
  'time-unreadable': 'The time cannot be read',
  'too-large': 'A value is too long to be loaded',
  'torn-record': 'The last record is cut off',
  undecodable: 'The payload cannot be decoded',
  'version-duplicate': 'A version occurs more than once',
  'version-gap': 'A version is missing',
  'version-missing': 'The event has no version',
  'wrong-type': 'A column holds another kind of value',
  'zone-unknown': 'The time names no zone',
  'cause-cycle': 'Its causes lead back to the event',
  'cause-later': 'The cause stands at a later position',
  'cause-missing': 'The cause is no event of the store',
  'causes-elsewhere': 'Most causes are no events',
  'event-id-duplicate': 'Two events have the same id',
  'payload-oversize': 'The payload is very large',
  'recorded-late': 'Recorded before an earlier position',
  'type-unknown': 'The handler does not know the type',
  'empty-range': 'No event lies in the range',
  'left-out': 'The case does not hold this',
  'no-cache': 'The cache folder cannot be written to',
  'out-of-reach': 'The server is out of reach',
  redacted: 'Masking rules hide some of it',
  'excerpt-idle': 'An entry of the list finds nothing',
  'redaction-idle': 'A masking rule hid nothing',
  'in-gap': 'Events are missing there',
  unsettled: 'The newest events may still change',
  'past-head': 'The stream does not go so far yet',
  'searched-copy': 'Searched in the copy of a server',
  'repeated-key': 'A key occurs more than once',
  'repeated-member': 'A record says a part of its event more than once',
  'RF-EVENT-DEPTH': 'The payload nests too deeply',
  'RF-EVENT-MALFORMED': 'The payload is not well-formed JSON',
  'RF-EVENT-SIZE': 'The payload is larger than handlers are given',
  'RF-EVENT-UNDECODABLE': 'The payload is no JSON',
  'RF-EVENT-UNKNOWN-TYPE': 'The handler has no rule for the type',
  'RF-HANDLER-THROW': RULE,
  'RF-HANDLER-TYPE': RULE,
  'RF-INVARIANT-BROKEN': 'The state breaks an invariant',
  'RF-INVARIANT-UNDECIDED': 'An invariant cannot be decided',
  'RF-NONDETERMINISTIC': 'The handler made another state of the same events',
  'RF-LIMIT-DEPTH': LIMIT,
  'RF-LIMIT-FUEL': LIMIT,
  'RF-LIMIT-MEMORY': LIMIT,
  'RF-LIMIT-OUTPUT': LIMIT,
  'RF-LIMIT-STACK': LIMIT,
  'RF-LIMIT-STATE': LIMIT,
  'RF-LIMIT-STEPS': LIMIT,
  'RF-LIMIT-WALL': LIMIT,
  'RF-UPCAST-CYCLE': UPCAST,
  'RF-UPCAST-GAP': UPCAST,
};

/** What stands in a list of findings beside them. */
export const FINDINGS = {
  advice: 'What to do:',
  all: (kept: number, count: number) =>
    kept < count ? `Show the first ${countText(kept)} of ${countText(count)}` : `Show all ${countText(count)}`,
  next: (listed: number, count: number) => `Show more: ${countText(listed)} of ${countText(count)} are listed`,
  rest: (listed: number, count: number) =>
    `${countText(listed)} of ${countText(count)} are listed: of the others the number is known, and no more`,
  cut: (listed: number, count: number) => `The first ${countText(listed)} of ${countText(count)} are listed`,
};

/** A few words for a code; the code itself where it has none. */
export function findingTitle(code: string): string {
  return TITLES[code] ?? code;
}
