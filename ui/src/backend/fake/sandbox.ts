// The sandboxes of the twin: it does the same edits to its own events, and folds both lines with its own handler.

import { BackendError } from '../backend';
import type * as wire from '../bindings';
import type { SandboxBackend } from '../sandbox';
import { apply, type State } from './fold';
import type { LabTwin } from './lab';
import { payloadOf, TYPES, type Payload, type TypeName } from './orders';

interface Event {
  name: string;
  type: TypeName;
  payload: Payload;
  version: string;
  position: string;
}

interface Row {
  event: Event;
  mark: wire.SandboxMark;
  states: [State, State];
  outcomes: [string, string];
}

const BAR = 240;

export function withSandboxes<Rest extends LabTwin>(twin: Rest, seed: number): Rest & SandboxBackend {
  const open = new Map<number, Row[]>();
  const rowsOf = (sandbox: number) => open.get(sandbox) ?? gone();
  const answers: SandboxBackend = {
    async openSandbox(session, { stream, handler, edits }) {
      const record = recordOf(twin, session, stream, seed);
      const { line, moved, words } = branchOf(record, edits);
      const rows = fold(record, line, moved);
      const sandbox = twin.nextNumber();
      open.set(sandbox, rows);
      const differs = rows.map((row) => differing(row).length > 0);
      const [, name = handler, version = ''] = /([^/]+)@([^@]+)$/.exec(handler) ?? [];
      const otherwise = rows.flatMap((row, at) =>
        row.mark === 'kept' && row.outcomes[0] !== row.outcomes[1] ? [wireRow(row, at)] : [],
      );
      const parts = Math.min(BAR, rows.length);
      const bar = Array.from({ length: parts }, (_, part) =>
        differs[Math.floor((part * rows.length) / parts)] ? ('bad' as const) : ('good' as const),
      );
      const first = rows.findIndex(({ mark }) => mark !== 'kept');
      const isBroken = differs.includes(true);
      return {
        ...{ sandbox, stream, edits: words, texts: edits, recordEvents: record.length, sandboxEvents: line.length },
        handler: { name, version, hash: `sha256:${'4f1c09aa'.repeat(8)}`, engine: 'declarative' },
        ...{ rows: rows.length, firstEdited: first < 0 ? null : first, bar, findings: [], incompleteSince: '' },
        turns: differs.flatMap((is, at) => (is === (differs[at - 1] ?? false) ? [] : [at])),
        differingAtHead: rows.length > 0 ? differing(rows.at(-1)).length : 0,
        ...{ otherwise, otherwiseCount: otherwise.length },
        invariants: [
          {
            ...{ id: 'balanced-once-paid', severity: 'error', record: '', isOtherwise: isBroken },
            ...{ recordUnclear: '', sandboxUnclear: '' },
            sandbox: isBroken ? nameOf(rows[differs.indexOf(true)]) : '',
          },
        ],
      };
    },
    async sandboxRows(sandbox, offset, limit) {
      const rows = rowsOf(sandbox);
      return {
        total: rows.length,
        rows: rows.slice(offset, offset + limit).map((row, at) => wireRow(row, offset + at)),
      };
    },
    async sandboxPage(sandbox, row, isWhole) {
      const found = rowsOf(sandbox)[row] ?? gone();
      const paths = [...new Set([...found.states[0].keys(), ...found.states[1].keys()])].sort();
      const all = paths.map((path) => pairRow(found, path));
      return {
        ...{ row, label: `${found.event.name} ${found.event.type}`, rows: all.filter((one) => isWhole || one.differs) },
        ...{ differing: all.filter((one) => one.differs).length, places: all.length },
      };
    },
    async sandboxDraft(_, sandbox, row) {
      const { event } = rowsOf(sandbox)[row] ?? gone();
      const lines = event.payload.map(([key, literal]) => `    "/${key}": ${literal}`);
      return `{\n  "edit": "${event.name}",\n  "set": {\n${lines.join(',\n')}\n  }\n}`;
    },
  };
  return Object.assign(twin, answers);
}

function recordOf(twin: LabTwin, session: number, id: string, seed: number): Event[] {
  const { events } = twin.storeOf(session);
  const stream = events.ids.indexOf(id);
  return [...(events.ofStream[stream] ?? [])].map((position, at) => {
    const type = TYPES[events.types[position] ?? 0] ?? 'OrderPlaced';
    const payload = payloadOf(seed, stream, at + 1, type);
    return { name: `v${at + 1}`, type, payload, version: `${at + 1}`, position: `${position + 1}` };
  });
}

/** What the list of events is after the edits, those that stand elsewhere, and the edits in words. */
function branchOf(record: Event[], edits: string[]): { line: Event[]; moved: Set<string>; words: string[] } {
  const line = [...record];
  const moved = new Set<string>();
  let inserted = 0;
  const at = (name: unknown, edit: number) => {
    const found = line.findIndex((event) => event.name === name);
    const place = `edit ${edit + 1}, line 1, column 1`;
    return found >= 0 ? found : refuse(`RF-EDITS: the stream has no event ${String(name)} (${place})`);
  };
  const told = edits.map((text, edit) => {
    const { words, literals } = parse(text, edit);
    const [where, other] = words.has('before') ? ['before', words.get('before')] : ['after', words.get('after')];
    const place = () => at(other, edit) + (where === 'after' ? 1 : 0);
    const [kind, name] = [...words][0] ?? ['', ''];
    if (kind === 'skip') {
      line.splice(at(name, edit), 1);
      return `${name} is left out`;
    }
    if (kind === 'move') {
      const [event] = line.splice(at(name, edit), 1);
      if (event) line.splice(place(), 0, event);
      moved.add(name);
      return `${name} comes ${where} ${other}`;
    }
    if (kind === 'insert') {
      inserted += 1;
      const event = { name: `+${inserted}`, type: name as TypeName, version: '', position: '' };
      line.splice(place(), 0, { ...event, payload: [...literals] });
      return `${name} is inserted ${where} ${other}`;
    }
    const index = at(name, edit);
    const event = line[index] ?? gone();
    line[index] = { ...event, payload: event.payload.map(([key, literal]) => [key, literals.get(key) ?? literal]) };
    return `in ${name} ${[...literals].map(([key, value]) => `/${key} is ${value}`).join(', ')}`;
  });
  return { line, moved, words: told };
}

function fold(record: Event[], line: Event[], moved: Set<string>): Row[] {
  const states: [State, State] = [new Map(), new Map()];
  const rows: Row[] = [];
  const push = (event: Event, mark: wire.SandboxMark, sides: [Event | null, Event | null]) => {
    const outcomes = sides.map((side, at) => {
      const state = states[at] ?? new Map();
      if (!side) return '';
      const before = JSON.stringify([...state].map(([path, { literal }]) => [path, literal]));
      apply(state, rows.length + 1, side.type, side.payload);
      const after = JSON.stringify([...state].map(([path, { literal }]) => [path, literal]));
      return before === after ? 'no change' : 'changed';
    });
    rows.push({
      ...{ event, mark, outcomes: [outcomes[0] ?? '', outcomes[1] ?? ''] },
      states: [new Map(states[0]), new Map(states[1])],
    });
  };
  let next = 0;
  const rest = (end: number) => {
    for (; next < end; next += 1) {
      const event = record[next] ?? gone();
      push(event, moved.has(event.name) ? 'movedFrom' : 'skipped', [event, null]);
    }
  };
  for (const event of line) {
    const index = record.findIndex(({ name }) => name === event.name);
    if (index < 0) push(event, 'inserted', [null, event]);
    else if (moved.has(event.name)) push(event, 'movedTo', [null, event]);
    else {
      rest(index);
      next = index + 1;
      push(event, event === record[index] ? 'kept' : 'edited', [record[index] ?? event, event]);
    }
  }
  rest(record.length);
  return rows;
}

function nameOf(row: Row | undefined): string {
  return row ? `${row.event.name} ${row.event.type}` : '';
}

function pairRow({ states: [record, sandbox] }: Row, path: string): wire.PairRow {
  const [left, right] = [record.get(path)?.literal ?? null, sandbox.get(path)?.literal ?? null];
  return { path, left, right, differs: left !== right, isSameNumber: false };
}

function differing(row: Row | undefined): wire.PairRow[] {
  if (!row) return [];
  const paths = new Set([...row.states[0].keys(), ...row.states[1].keys()]);
  return [...paths].map((path) => pairRow(row, path)).filter(({ differs }) => differs);
}

function wireRow(row: Row, at: number): wire.SandboxRow {
  const { name, type, version, position } = row.event;
  return {
    ...{ row: at, event: { version, position, eventType: type }, name, mark: row.mark },
    ...{ record: row.outcomes[0], sandbox: row.outcomes[1], differs: differing(row).length > 0 },
  };
}

/** The texts of an edit by their names, and what it sets or holds as literals. */
function parse(text: string, edit: number): { words: Map<string, string>; literals: Map<string, string> } {
  const words = new Map([...text.matchAll(/"(skip|edit|insert|move|before|after)":\s*"([^"]*)"/g)].map(pairOf));
  if (words.size === 0 || !text.endsWith('}')) {
    refuse(`RF-PKG-SYNTAX: this is no edit (edit ${edit + 1}, line 1, column 1)`);
  }
  const inside = /"(?:set|payload)":\s*\{([^}]*)\}/.exec(text)?.[1] ?? '';
  return { words, literals: new Map([...inside.matchAll(/"\/?(\w+)":\s*("[^"]*"|[^,\s]+)/g)].map(pairOf)) };
}

function pairOf([, name = '', value = '']: RegExpMatchArray): [string, string] {
  return [name, value];
}

function refuse(message: string): never {
  throw new BackendError({ code: 'invalidInput', message, hint: 'correct it there', choices: [] });
}

function gone(): never {
  const message = 'this answer is not there any more';
  throw new BackendError({ code: 'notFound', message, hint: 'run it again', choices: [] });
}
