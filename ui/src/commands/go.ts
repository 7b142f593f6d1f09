// Going somewhere: the palette and its prefixes, views, the way back, links.

import { cursorOfEvent, cursorOfFinding } from '../base/format';
import { instantText } from '../base/instant';
import type { Desk } from '../model/desk.svelte';
import { VIEWS } from '../model/view';
import { followLink, linkHere } from '../place/follow';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach } from './command';

const hasStore = (desk: Desk) => (desk.store ? null : S.blocked.store);

export const GO: readonly Command[] = [
  command('Go', ['global'], 'go.palette', 'Search or run a command', (d) => d.openOverlay('palette'), {
    ...{ keys: ['Mod+k'], isQuiet: true },
  }),
  command('Go', ['global'], 'go.command', 'Run a command…', (d) => d.openOverlay('palette', '>'), {
    ...{ keys: ['Mod+Shift+p'], isQuiet: true },
  }),
  command('Go', ['global'], 'go.aggregate', 'Go to a stream…', goToStream, {
    ...{ keys: ['Mod+p'], words: 'aggregate id search open find', blocked: hasStore },
  }),
  command('Go', ['global'], 'go.aggregate.start', 'Go to the start of a stream…', goToStart, {
    ...{ words: 'aggregate first event begin', blocked: hasStore, isQuiet: true },
  }),
  command('Go', ['global'], 'go.place', 'Go to where you were…', goToPlace, {
    ...{ words: 'recent history last back', choices: places },
  }),
  command('Go', ['history'], 'go.moment', 'Go to a time, version or position…', goToMoment, {
    ...{ keys: ['g'], words: 'moment date jump' },
  }),
  command('Go', ['global'], 'go.finding', 'Go to a finding…', goToEvent, {
    ...{ words: 'problem error warning undecodable gap', blocked: hasStore, choices: findings },
  }),
  command('Go', ['overview'], 'go.newest', 'Go to one of the newest events…', goToEvent, {
    ...{ words: 'last latest recent', choices: newest },
  }),
  command('Go', ['global'], 'go.link', 'Go to a link…', goToLink, {
    words: 'permalink refold paste url open',
  }),
  command('Go', ['global'], 'go.link.copy', 'Copy a link to this place', copyLink, {
    ...{ keys: ['Mod+Shift+c'], words: 'permalink refold share url', blocked: hasStore },
  }),
  ...VIEWS.map(({ id, title, keys, needs, words }) => {
    const blocked = (desk: Desk) => (desk.canShow(id) ? null : needs === 'store' ? S.blocked.store : S.blocked.history);
    return command('Go', ['global'], `go.view.${id}`, title, (d) => d.show(id), { keys, words, blocked });
  }),
  command('Go', ['global'], 'go.back', 'Back', (d) => d.back(), {
    ...{ keys: ['Alt+ArrowLeft'], words: 'previous place', blocked: (d) => (d.canGoBack ? null : S.blocked.start) },
  }),
  command('Go', ['global'], 'go.forward', 'Forward', (d) => d.forward(), {
    ...{ keys: ['Alt+ArrowRight'], words: 'next place', blocked: (d) => (d.canGoForward ? null : S.blocked.end) },
  }),
  command('Go', ['global'], 'go.region.next', 'Next region', (_, reach) => reach.focusRegion(1), {
    ...{ keys: ['F6'], words: 'focus panel', isQuiet: true },
  }),
  command('Go', ['global'], 'go.region.prev', 'Previous region', (_, reach) => reach.focusRegion(-1), {
    ...{ keys: ['Shift+F6'], words: 'focus panel', isQuiet: true },
  }),
];

function goToStream(desk: Desk, _: Reach, stream: string): void | Promise<void> {
  return stream === '' ? desk.openOverlay('palette', '#') : desk.openStream(stream);
}

function goToStart(desk: Desk, _: Reach, stream: string): void | Promise<void> {
  return stream === '' ? desk.openOverlay('palette', '#') : desk.openStream(stream, 'start');
}

function places(desk: Desk): Choice[] {
  return desk.recentPlaces.map(({ store, stream, label }, index) => ({
    value: `${index}`,
    title: stream?.id ?? store?.name ?? '',
    note: stream ? label : S.palette.wholeStore,
  }));
}

async function goToPlace(desk: Desk, _: Reach, index: string): Promise<void> {
  const place = desk.recentPlaces.find((_, at) => `${at}` === index);
  if (place) await desk.goToPlace(place);
}

function goToMoment(desk: Desk, _: Reach, cursor: string): void | Promise<void> {
  return cursor === '' ? desk.openOverlay('palette', ':') : desk.goTo(cursor);
}

// An event is told by its stream and, after a line break, a cursor text: no id holds a line break as it is shown.
function findings({ history, store }: Desk): Choice[] {
  const found = [...(store?.overview?.findings ?? store?.opened.findings ?? [])];
  for (const own of history?.findings ?? [])
    found.push({ ...own, stream: own.stream ?? history?.opened.stream ?? null });
  // What the store tells of an open stream, the stream tells too: the same words are the same finding.
  const choices = new Map<string, Choice>();
  for (const { code, stream, version, position, detail } of found) {
    if (stream === null) continue;
    const cursor = cursorOfFinding({ version, position });
    const title = [code, stream, cursor].filter(Boolean).join(' · ');
    if (!choices.has(title)) choices.set(title, { value: `${stream}\n${cursor}`, title, note: detail });
  }
  return [...choices.values()];
}

function newest({ store }: Desk): Choice[] {
  return (store?.opened.newest ?? []).map((event) => ({
    value: `${event.stream}\n${cursorOfEvent(event)}`,
    title: `${event.eventType} · ${event.stream}`,
    note: instantText(event.recordedAt),
  }));
}

async function goToEvent(desk: Desk, _: Reach, place: string): Promise<void> {
  const [stream = '', cursor = ''] = place.split('\n');
  await desk.openStream(stream, cursor === '' ? null : cursor);
}

function goToLink(desk: Desk, _: Reach, link: string): void | Promise<void> {
  return link === '' ? desk.openOverlay('palette', 'refold://') : followLink(desk, link);
}

async function copyLink(desk: Desk, reach: Reach): Promise<void> {
  const link = await linkHere(desk);
  if (link === null) return;
  await reach.copy(link);
  desk.say(S.place.copied(link));
}
