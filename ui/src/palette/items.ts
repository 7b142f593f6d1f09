// What the palette offers, by kind. Each kind is made from what is known already; nothing here asks the engine.

import type { FindHit, MomentFound } from '../backend/bindings';
import { countOf, countText, fileName, versionText } from '../base/format';
import { instantText, nanosFromRfc3339, secondText } from '../base/instant';
import { shownTime } from '../base/zone.svelte';
import type { Bus } from '../commands/bus';
import type { Command } from '../commands/command';
import { COMMANDS } from '../commands/registry';
import type { Desk, Place } from '../model/desk.svelte';
import { followLink, storesOfLink } from '../place/follow';
import { readLink } from '../place/link';
import { scopeText } from '../place/place';
import { S } from '../strings';
import type { IconName } from '../ui/sprite';
import { rankOf, ranked } from './rank';
import { chosenBy, rangeOf } from './wish';

/** What can be done with an item. The first is for Enter, the second for Ctrl+Enter. */
export interface Act {
  title: string;
  /** Whether the palette stays open, because the act goes on in it. */
  isStaying?: boolean;
  act: () => void;
}

export interface Item {
  /** What it is: the choice is kept by it, wherever the item stands. */
  id: string;
  icon: IconName;
  title: string;
  note: string;
  /** The note in columns, where many items have the same ones. */
  cells?: readonly string[];
  /** The whole of it, where that is more than the title and the note. */
  tip?: string;
  keys: string;
  /** Why it cannot be chosen now. */
  blocked: string | null;
  acts: readonly Act[];
}

/** What items are made from. */
export interface Scene {
  desk: Desk;
  bus: Bus;
  copy: (text: string) => void;
}

export function streamItem({ bus, copy }: Scene, hit: FindHit): Item {
  const about = [hit.category, countOf(hit.events, 'event', 'events')];
  return {
    ...item(`stream:${hit.stream}`, 'stream', hit.stream),
    cells: [...about, secondText(hit.lastRecordedAt)],
    tip: [hit.stream, ...about, instantText(hit.lastRecordedAt)].join(' · '),
    acts: [
      { title: S.palette.open, act: () => bus.run('go.aggregate', hit.stream) },
      { title: S.palette.openBeside, act: () => bus.run('document.open', hit.stream) },
      { title: S.lanes.addThis, act: () => bus.run('lanes.add', hit.stream) },
      { title: S.palette.openAtStart, act: () => bus.run('go.aggregate.start', hit.stream) },
      { title: S.palette.copyId, act: () => copy(hit.stream) },
    ],
  };
}

/** The way to the list, where more streams match than are offered. */
export function allStreamsItem({ bus }: Scene, text: string, matching: number): Item {
  return {
    ...item('all-streams', 'filter', S.palette.showAll(text, matching)),
    acts: [{ title: S.palette.choose, act: () => bus.run('list.streams', text) }],
  };
}

/** When the event was recorded that is looked at: a time without a day is of its day. */
export function dayOf({ history }: Desk): string | null {
  return history && history.a > 0 ? (history.frame?.recordedAt ?? null) : null;
}

/** A cursor as it is offered: an instant as all others are shown, and with the name of the zone. */
function cursorText(cursor: string): string {
  if (nanosFromRfc3339(cursor) === null) return cursor;
  return shownTime.isUtc ? instantText(cursor) : `${instantText(cursor)} (${shownTime.label})`;
}

/** What a cursor text means: `null` while nobody knows, an error sentence where it means nothing. */
export type Meaning = MomentFound | string | null;

export function momentItem({ desk, bus }: Scene, cursor: string, meaning: Meaning): Item {
  const { history } = desk;
  const isUnknown = typeof meaning === 'string';
  return {
    ...item(`moment:${cursor}`, 'moment', S.palette.goTo(cursorText(cursor))),
    note: meaning === null ? S.palette.reading : isUnknown ? meaning : meaningText(cursor, meaning),
    blocked: history ? (isUnknown ? meaning : null) : S.blocked.moment,
    acts: [
      { title: S.palette.go, act: () => bus.run('go.moment', cursor) },
      { title: S.palette.setB, act: () => bus.run('cursor.setB.there', cursor) },
    ],
  };
}

export function rangeItem({ desk, bus }: Scene, text: string): Item[] {
  const range = rangeOf(text, dayOf(desk));
  if (!range) return [];
  return [
    {
      ...item(`range:${text}`, 'moment', S.palette.range(cursorText(range.from), cursorText(range.to))),
      blocked: desk.history ? null : S.blocked.moment,
      acts: [{ title: S.palette.go, act: () => bus.run('cursor.range', `${range.from}\n${range.to}`) }],
    },
  ];
}

export function placeItem({ desk, bus }: Scene, place: Place): Item {
  const scope = place.stream?.id ?? place.store?.name ?? '';
  const isElsewhere = place.store?.location !== desk.store?.opened.location;
  const about = [
    place.stream ? place.label : S.palette.wholeStore,
    place.b === null ? '' : S.palette.withB,
    place.stream ? S.tabs[place.lens] : '',
    fileName(place.stream?.handler ?? ''),
    isElsewhere ? (place.store?.name ?? '') : '',
  ];
  return {
    ...item(`place:${scopeText(place)}\n${place.a}`, place.stream ? 'history' : 'overview', scope),
    note: about.filter(Boolean).join(' · '),
    acts: [{ title: S.palette.go, act: () => bus.run('go.place', `${desk.recentPlaces.indexOf(place)}`) }],
  };
}

export function typeItems({ desk, bus, copy }: Scene, text: string): Item[] {
  const { history, store } = desk;
  const isHere = desk.view === 'history' && history !== null;
  const types = (isHere ? history.opened.types : store?.overview?.types) ?? [];
  return ranked(types, (type) => rankOf(type.name, '', text)).map((type) => ({
    ...item(`type:${type.name}`, 'filter', type.name),
    note: [
      countOf(type.events, 'event', 'events'),
      isHere && history.types.includes(type.name) ? S.palette.isShown : '',
    ]
      .filter(Boolean)
      .join(' · '),
    blocked: isHere ? null : S.blocked.type,
    acts: [
      { title: S.palette.filterType, act: () => bus.run('list.filter', type.name) },
      { title: S.palette.lastOfType, act: () => bus.run('cursor.lastOfType', type.name) },
      { title: S.palette.alsoType, act: () => bus.run('list.type', type.name) },
      { title: S.palette.copyText, act: () => copy(type.name) },
    ],
  }));
}

export function filterItems({ desk, bus }: Scene, text: string): Item[] {
  const { history, store } = desk;
  const found: Item[] = [];
  const choose = (id: string, title: string, note: string, value: string) =>
    found.push({
      ...item(`filter:${id}`, 'filter', title),
      note,
      acts: [{ title: S.palette.choose, act: () => bus.run('list.filter', value) }],
    });
  if (desk.view === 'history' && history) {
    const names = chosenBy(
      text,
      history.opened.types.map((type) => type.name),
    );
    if (names.length > 0) choose('types', S.palette.filterTypes(names.length), names.join(', '), names.join('\n'));
  } else if (store && text !== '') {
    const part = text.replace(/^id:\s*/i, '');
    choose('streams', S.palette.filterStreams(part), '', part);
  }
  if (bus.blocked('list.clear') === null) {
    found.push({
      ...item('filter:clear', 'close', S.palette.clearFilter),
      acts: [{ title: S.palette.choose, act: () => bus.run('list.clear') }],
    });
  }
  return found;
}

/** Saved searches of the store: choosing one runs it. */
export function savedItems(scene: Scene, text: string): Item[] {
  const run = COMMANDS.find(({ id }) => id === 'search.saved');
  return run && scene.desk.store ? choiceItems(scene, run, text) : [];
}

/** One item for each store that a link may mean. */
export function linkItems({ desk }: Scene, text: string): Item[] {
  const link = readLink(text);
  if (!link) return [];
  const known = storesOfLink(desk, link.store);
  const about = [link.category, link.at === null ? '' : link.at.replace(/^v(?=\d)/, 'v '), link.lens];
  const offer = (location: string | null): Item => ({
    ...item(`link:${location ?? ''}`, link.stream === null ? 'overview' : 'history', link.stream ?? link.store),
    note: [...about, location ?? link.store].filter(Boolean).join(' · '),
    blocked: location === null ? S.place.noStore(link.store) : null,
    acts: [{ title: S.palette.go, act: () => void followLink(desk, text, location) }],
  });
  return known.length === 0 ? [offer(null)] : known.map(offer);
}

export function pathItem({ bus }: Scene, path: string): Item {
  return {
    ...item('path', 'open', S.palette.openPath(fileName(path))),
    note: path,
    acts: [{ title: S.palette.open, act: () => bus.run('connection.recent', path) }],
  };
}

/** What can run first, the rest behind it with its reason. Quiet commands only come when they are asked for. */
export function commandItems(scene: Scene, text: string): Item[] {
  const asked = COMMANDS.filter((command) => text !== '' || (!command.isQuiet && command.blocked(scene.desk) === null));
  const found = ranked(asked, (command) => rankOf(command.title, command.words, text));
  const items = found.map((command) => commandItem(scene, command));
  return [...items.filter((one) => one.blocked === null), ...items.filter((one) => one.blocked !== null)];
}

/**
 * Values of commands by their own words: a handler by its name, a store by its file. `told`: commands whose values stand
 * among the items already.
 */
export function valueItems(scene: Scene, text: string, count: number, told: readonly string[] = []): Item[] {
  if (text.length < 2) return [];
  const asking = COMMANDS.filter(
    (command) => !command.isQuiet && !told.includes(command.id) && command.blocked(scene.desk) === null,
  );
  const all = asking.flatMap((command) => (command.choices?.(scene.desk) ?? []).map((choice) => ({ command, choice })));
  return ranked(all, ({ choice }) => rankOf(choice.title, '', text))
    .slice(0, count)
    .map(({ command, choice }) => ({
      ...item(`value:${command.id}\n${choice.value}\n${choice.title}`, 'command', choice.title),
      note: [command.title.replace(/…$/, ''), choice.note].filter(Boolean).join(' · '),
      acts: [{ title: S.palette.run, act: () => scene.bus.run(command.id, choice.value) }],
    }));
}

/** The values that one command asks for. */
export function choiceItems({ bus, copy, desk }: Scene, command: Command, text: string): Item[] {
  return ranked(command.choices?.(desk) ?? [], (choice) => rankOf(choice.title, choice.note, text)).map((choice) => ({
    ...item(`choice:${choice.value}\n${choice.title}`, 'command', choice.title),
    note: choice.note,
    keys: choice.command === undefined ? '' : bus.keys(choice.command),
    acts: [
      { title: S.palette.choose, act: () => bus.run(command.id, choice.value) },
      { title: S.palette.copyText, act: () => copy(choice.title) },
    ],
  }));
}

export function recentStoreItems({ bus, desk, copy }: Scene, text: string): Item[] {
  const others = desk.recents.filter(({ location }) => location !== desk.store?.opened.location);
  return ranked(others, ({ location }) => rankOf(fileName(location), location, text)).map((recent) => ({
    ...item(`store:${recent.location}`, 'store', fileName(recent.location)),
    note: [recent.layoutTitle, recent.events === null ? '' : countOf(recent.events, 'event', 'events'), recent.location]
      .filter(Boolean)
      .join(' · '),
    acts: [
      { title: S.palette.open, act: () => bus.run('connection.recent', recent.location) },
      { title: S.palette.copyText, act: () => copy(recent.location) },
    ],
  }));
}

/** What can be typed. Choosing one types its prefix. */
export function helpItems(type: (prefix: string) => void): Item[] {
  return S.palette.prefixes.map(([prefix, note]) => ({
    ...item(`prefix:${prefix}`, 'command', prefix),
    note,
    acts: [{ title: S.palette.choose, isStaying: true, act: () => type(prefix) }],
  }));
}

/** The acts of an item as items. */
export function actItems(of: Item, keys: readonly string[]): Item[] {
  return of.acts.map((act, index) => ({
    ...item(`act:${index}`, 'command', act.title),
    keys: keys[index] ?? '',
    acts: [act],
  }));
}

function commandItem({ bus, desk, copy }: Scene, command: Command): Item {
  return {
    ...item(`command:${command.id}`, 'command', command.title),
    note: command.group,
    keys: bus.keys(command.id),
    blocked: command.blocked(desk),
    acts: [
      { title: S.palette.run, act: () => bus.run(command.id) },
      { title: S.palette.copyId, act: () => copy(command.id) },
    ],
  };
}

function item(id: string, icon: IconName, title: string): Item {
  return { id, icon, title, note: '', keys: '', blocked: null, acts: [] };
}

// Where no event is exactly there, the one before it is meant, and that is said.
function meaningText(cursor: string, found: MomentFound): string {
  if (found.explanation !== '') return found.explanation;
  if (found.moment === 0) return S.history.beforeFirst;
  const isExact = [`v${found.version}`, `#${found.position}`, 'start', 'head'].includes(cursor);
  const where = [
    found.version === '' ? '' : versionText(found.version),
    `#${countText(found.position)}`,
    instantText(found.recordedAt),
  ];
  return [isExact ? '' : S.palette.floor, ...where].filter(Boolean).join(' · ');
}
