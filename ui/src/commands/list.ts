// What the lists show: events of some types, streams of some ids and categories, their order. A filter never changes
// the state.

import type { StreamSort } from '../backend/bindings';
import { countOf } from '../base/format';
import type { Desk } from '../model/desk.svelte';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

/** The choice of no category in particular. No category is a line break. */
export const ALL_CATEGORIES = '\n';

export const LIST: readonly Command[] = [
  command('List', ['overview', 'history'], 'list.filter', 'Filter what is listed…', filter, {
    words: 'find here search type id',
  }),
  command('List', ['overview'], 'list.filter.streams', 'Filter the streams…', filter, {
    ...{ keys: ['Mod+f'], words: 'find here search id', isQuiet: true },
  }),
  command('List', ['global'], 'list.streams', 'List the streams that hold a text…', listStreams, {
    ...{ words: 'filter overview id', blocked: (desk) => (desk.store ? null : S.blocked.store), isQuiet: true },
  }),
  command('List', ['history'], 'list.type', 'Show or hide an event type…', switchType, {
    ...{ words: 'filter only', choices: typesOfHistory },
  }),
  command('List', ['history'], 'list.onlyType', 'Show only events of the type at A', onlyType, {
    words: 'filter this type same',
    blocked: ({ history }) => (history && history.a > 0 ? null : S.blocked.noEvent),
  }),
  command('List', ['overview', 'history'], 'list.clear', 'Clear the filter', clear, {
    ...{ words: 'show all reset types', blocked: (desk) => (isFiltered(desk) ? null : S.blocked.noFilter) },
  }),
  command('List', ['overview'], 'list.category', 'Show the streams of a category…', ofCategory, {
    ...{ words: 'filter aggregate type', choices: categories },
  }),
  sort('last', 'Sort streams by their last event'),
  sort('events', 'Sort streams by number of events'),
  sort('id', 'Sort streams by id'),
  sort('first', 'Sort streams by their first event'),
  sort('category', 'Sort streams by category'),
];

function filter(desk: Desk, _: Reach, text: string): void {
  if (text === '') desk.openOverlay('palette', '=');
  else if (desk.view === 'history') desk.history?.setTypes(text.split('\n'));
  else desk.store?.setOrder({ matching: text });
}

async function onlyType({ backend, history }: Desk): Promise<void> {
  if (!history) return;
  const { row } = await backend.eventDetail(history.opened.history, history.a);
  history.setTypes([row.eventType]);
}

function listStreams(desk: Desk, _: Reach, text: string): void {
  desk.show('overview');
  if (text === '') desk.openOverlay('palette', '=');
  else desk.store?.setOrder({ matching: text });
}

function typesOfHistory({ history }: Desk): Choice[] {
  return (history?.opened.types ?? []).map(({ name, events }) => ({
    value: name,
    title: name,
    note: [countOf(events, 'event', 'events'), history?.types.includes(name) ? S.palette.isShown : '']
      .filter(Boolean)
      .join(' · '),
  }));
}

function switchType({ history }: Desk, _: Reach, type: string): void {
  if (!history) return;
  const { types } = history;
  history.setTypes(types.includes(type) ? types.filter((other) => other !== type) : [...types, type]);
}

function isFiltered({ history, store, view }: Desk): boolean {
  if (view === 'history') return (history?.types.length ?? 0) > 0;
  return store?.isFiltered ?? false;
}

function clear({ history, store, view }: Desk): void {
  if (view === 'history') history?.setTypes([]);
  else store?.clearFilter();
}

function categories({ store }: Desk): Choice[] {
  const known = store?.overview?.categories ?? [];
  return [
    { value: ALL_CATEGORIES, title: S.overview.allCategories, note: '' },
    ...known.map(({ name, streams }) => ({
      value: name,
      title: name,
      note: countOf(streams, 'stream', 'streams'),
    })),
  ];
}

function ofCategory({ store }: Desk, _: Reach, category: string): void {
  store?.setOrder({ category: category === ALL_CATEGORIES ? null : category });
}

function sort(by: StreamSort, title: string): Command {
  const run = ({ store }: Desk) => {
    if (!store) return;
    const isSame = store.order.sort === by;
    store.setOrder({ sort: by, descending: isSame ? !store.order.descending : by === 'last' || by === 'events' });
  };
  return command('List', ['overview'], `list.sort.${by}`, title, run, { words: 'order' });
}
