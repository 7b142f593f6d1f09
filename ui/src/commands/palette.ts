// Keys inside the palette.

import { command, type Command, type PaletteKeys } from './command';

export const PALETTE: readonly Command[] = [
  key('palette.next', 'Next result', ['ArrowDown'], (palette) => palette.move(1)),
  key('palette.prev', 'Previous result', ['ArrowUp'], (palette) => palette.move(-1)),
  key('palette.nextPage', 'Ten results down', ['PageDown'], (palette) => palette.move(10)),
  key('palette.prevPage', 'Ten results up', ['PageUp'], (palette) => palette.move(-10)),
  key('palette.nextGroup', 'Next kind of results', ['Tab'], (palette) => palette.moveGroup(1)),
  key('palette.prevGroup', 'Previous kind of results', ['Shift+Tab'], (palette) => palette.moveGroup(-1)),
  key('palette.choose', 'Choose the result', ['Enter'], (palette) => palette.choose(0)),
  key('palette.second', 'Second action of the result', ['Mod+Enter'], (palette) => palette.choose(1)),
  key('palette.actions', 'All actions of the result', ['Mod+.'], (palette) => palette.showActions()),
];

function key(id: string, title: string, keys: string[], act: (palette: PaletteKeys) => void): Command {
  const run: Command['run'] = (_, { palette }) => {
    if (palette) act(palette);
  };
  return command('Palette', ['palette'], id, title, run, { keys, isQuiet: true });
}
