// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { Grid } from './grid';

it('goes to the top when the bar is moved there, also after it was moved elsewhere', () => {
  document.body.innerHTML = '<div id="scroller"><div id="spacer"></div><div id="layer"></div></div>';
  const [scroller, spacer, layer] = ['scroller', 'spacer', 'layer'].map((id) => document.getElementById(id));
  if (!scroller || !spacer || !layer) throw new Error('the page lacks a part');
  const painter = { create: (row: HTMLElement) => row, paint: () => {} };
  const grid = new Grid({ scroller, spacer, layer }, painter, () => {}, 'row');
  grid.setShape({ rows: 100, rowHeight: 20, viewport: 200 });
  for (const [top, first] of [
    [400, 20],
    [0, 0],
    [60, 3],
    [1, 0],
    [0, 0],
  ] as const) {
    scroller.scrollTop = top;
    scroller.dispatchEvent(new Event('scroll'));
    expect([top, grid.rows.first]).toEqual([top, first]);
  }
  grid.destroy();
});
