// Written by scripts/sprite.mjs. Icons are Lucide (ISC licence).
import sprite from './sprite.svg?raw';

export type IconName =
  | 'overview'
  | 'history'
  | 'welcome'
  | 'lock'
  | 'search'
  | 'close'
  | 'first'
  | 'last'
  | 'previous'
  | 'next'
  | 'down'
  | 'play'
  | 'pause'
  | 'open'
  | 'store'
  | 'sample'
  | 'warning'
  | 'error'
  | 'notice'
  | 'copy'
  | 'retry'
  | 'ascending'
  | 'descending'
  | 'keyboard'
  | 'dark'
  | 'light'
  | 'system'
  | 'filter'
  | 'fit'
  | 'remove'
  | 'back'
  | 'forward'
  | 'stream'
  | 'command'
  | 'moment'
  | 'drop'
  | 'compare'
  | 'settings'
  | 'notebook'
  | 'bookmark'
  | 'edit'
  | 'replay'
  | 'invariants'
  | 'handlers'
  | 'report'
  | 'anchor';

/** Puts the sprite into the page once; every icon refers to it. */
export function addSprite(): void {
  const holder = document.createElement('div');
  holder.hidden = true;
  holder.append(new DOMParser().parseFromString(sprite, 'image/svg+xml').documentElement);
  document.body.prepend(holder);
}
