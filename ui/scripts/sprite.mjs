// Compiles the icons that the interface uses into one sprite: `node scripts/sprite.mjs`, after editing the list.
import { readFileSync, writeFileSync } from 'node:fs';

const names = {
  overview: 'chart-no-axes-column',
  history: 'git-commit-horizontal',
  welcome: 'house',
  lock: 'lock',
  search: 'search',
  close: 'x',
  first: 'chevron-first',
  last: 'chevron-last',
  previous: 'chevron-left',
  next: 'chevron-right',
  down: 'chevron-down',
  play: 'play',
  pause: 'pause',
  open: 'folder-open',
  store: 'database',
  sample: 'flask-conical',
  warning: 'triangle-alert',
  error: 'octagon-alert',
  notice: 'info',
  copy: 'copy',
  retry: 'rotate-cw',
  ascending: 'arrow-up',
  descending: 'arrow-down',
  keyboard: 'keyboard',
  dark: 'moon',
  light: 'sun',
  system: 'monitor',
  filter: 'list-filter',
  fit: 'maximize-2',
  remove: 'trash-2',
  back: 'arrow-left',
  forward: 'arrow-right',
  stream: 'list',
  command: 'terminal',
  moment: 'clock',
  drop: 'file-down',
  compare: 'arrow-right-left',
  settings: 'settings',
  notebook: 'notebook-pen',
  bookmark: 'bookmark',
  edit: 'pencil',
  replay: 'git-compare',
  invariants: 'shield-check',
  report: 'file-text',
  anchor: 'anchor',
};

const symbols = Object.entries(names).map(([name, file]) => {
  const svg = readFileSync(new URL(`../node_modules/lucide-static/icons/${file}.svg`, import.meta.url), 'utf8');
  const shapes = svg
    .slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'))
    .replace(/\s+/g, ' ')
    .trim();
  return `  <symbol id="icon-${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
});
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
writeFileSync(new URL('../src/ui/sprite.svg', import.meta.url), sprite);
const union = Object.keys(names)
  .map((name) => `  | '${name}'`)
  .join('\n');
writeFileSync(
  new URL('../src/ui/sprite.ts', import.meta.url),
  `// Written by scripts/sprite.mjs. Icons are Lucide (ISC licence).
import sprite from './sprite.svg?raw';

export type IconName =
${union};

/** Puts the sprite into the page once; every icon refers to it. */
export function addSprite(): void {
  const holder = document.createElement('div');
  holder.hidden = true;
  holder.append(new DOMParser().parseFromString(sprite, 'image/svg+xml').documentElement);
  document.body.prepend(holder);
}
`,
);
