// All commands, once.

import { CASE } from './case';
import { CAUSATION } from './causation';
import type { Command } from './command';
import { COMPARE } from './compare';
import { CONNECTIONS } from './connections';
import { CURSOR } from './cursor';
import { DOCUMENT } from './document';
import { EVIDENCE } from './evidence';
import { FIELD } from './field';
import { GO } from './go';
import { INSPECT } from './inspect';
import { LAB } from './lab';
import { LANES } from './lanes';
import { LIST } from './list';
import { LIVE } from './live';
import { MASK } from './mask';
import { menu } from './menu';
import { NOTEBOOK } from './notebook';
import { PALETTE } from './palette';
import { PAYLOAD } from './payload';
import { PLAY } from './play';
import { ROWS } from './rows';
import { SANDBOX } from './sandbox';
import { SETTING_COMMANDS } from './settings';
import { SEARCH } from './search';
import { STORE } from './store';
import { TIMELINE } from './timeline';
import { VIEW } from './view';
import { WHY } from './why';

const SINGLE: readonly Command[] = [
  ...[...GO, ...DOCUMENT, ...STORE, ...CONNECTIONS, ...CURSOR, ...TIMELINE, ...PLAY, ...LIVE],
  ...[...LIST, ...INSPECT, ...CAUSATION, ...LANES, ...MASK, ...PAYLOAD, ...FIELD, ...WHY],
  ...[...ROWS, ...VIEW, ...SETTING_COMMANDS, ...PALETTE],
  ...[...SEARCH, ...NOTEBOOK, ...COMPARE, ...CASE, ...LAB, ...SANDBOX, ...EVIDENCE],
];

export const COMMANDS: readonly Command[] = [...SINGLE, menu(SINGLE)];

const BY_ID = new Map(COMMANDS.map((command) => [command.id, command]));

export function commandOf(id: string): Command | undefined {
  return BY_ID.get(id);
}
