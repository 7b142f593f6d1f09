// The twin as a page in a browser asks for it:
// `?store=sample&stream=order-4711&at=v9&events=200000&delay=40&theme=light&density=compact&recents&connections`, and with faults
// `&fault=streams:denied`. `window.faults.set('*', 'disconnected')` switches one on while the page is looked at.

import { bigFromText, floatFromBig } from '../base/exact';
import type { Backend } from './backend';
import type { Theme } from './bindings';
import { fakeBackend } from './fake';
import { Faults } from './fake/faults';

declare global {
  interface Window {
    faults?: Faults;
  }
}

export function backendOfPage(): Backend {
  const asked = new URLSearchParams(window.location.search);
  const number = (name: string, fallback: number) =>
    floatFromBig(bigFromText(asked.get(name) ?? '') ?? BigInt(fallback));
  const themes: Theme[] = ['dark', 'light', 'system'];
  const theme = themes.find((name) => name === asked.get('theme')) ?? 'system';
  const store = asked.get('store');
  const faults = new Faults();
  faults.read(asked.get('fault') ?? '');
  window.faults = faults;
  return fakeBackend({
    faults,
    sampleEvents: number('events', 200_000),
    delayMillis: number('delay', 0),
    settings: { theme, density: asked.get('density') === 'compact' ? 'compact' : 'comfortable' },
    launch:
      store === null ? null : { store, stream: asked.get('stream'), at: asked.get('at'), handler: null, layout: null },
    connections: asked.has('connections')
      ? [
          {
            name: 'orders-eu',
            environment: 'production',
            host: 'pg-prod-3:5432',
            database: 'orders_eu',
            user: 'auditor',
          },
          { name: 'orders-staging', environment: 'staging', host: 'secret-stag-1:5432', database: 'orders' },
          { name: 'incident-0814', environment: 'local', store: '/home/ada/incidents/incident-0814.jsonl' },
          { name: 'branch-10', host: '10.2.4.9:5432', database: 'orders' },
        ]
      : [],
    gone: asked.has('recents') ? ['/home/ada/incidents/incident-0814.jsonl'] : [],
    recents: asked.has('recents')
      ? [
          {
            location: '/home/ada/shops/orders-eu.db',
            layoutTitle: 'Emmett (SQLite)',
            events: 1_204_118,
            openedAt: '2026-11-20T09:12:04Z',
          },
          {
            location: '/home/ada/incidents/incident-0814.jsonl',
            layoutTitle: 'JSON Lines',
            events: 31_204,
            openedAt: '2026-11-19T16:40:11Z',
          },
        ]
      : [],
  });
}
