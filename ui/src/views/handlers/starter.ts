// The command that writes a starter of a handler package, to be copied into a terminal whatever folder that is in.

import type { CategoryCount } from '../../backend/bindings';
import { NO_NAME } from '../../base/format';

/** Of the category with most streams, as long as nobody says which one is meant. */
export function starterCommand(location: string, categories: readonly CategoryCount[]): string {
  const most = [...categories].sort((x, y) => y.streams - x.streams)[0];
  return `refold new-handler ${quoted(location)} --category ${quoted(most ? most.name || NO_NAME : 'CATEGORY')}`;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
