// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { glyph, Grid, paintGlyph } from './grid';

function shown(): { grid: Grid<HTMLElement>; scroller: HTMLElement } {
  document.body.innerHTML = '<div id="scroller"><div id="spacer"></div><div id="layer"></div></div>';
  const [scroller, spacer, layer] = ['scroller', 'spacer', 'layer'].map((id) => document.getElementById(id));
  if (!scroller || !spacer || !layer) throw new Error('the page lacks a part');
  const painter = { create: (row: HTMLElement) => row, paint: () => {} };
  const grid = new Grid({ scroller, spacer, layer }, painter, () => {}, 'row');
  grid.setShape({ rows: 100, rowHeight: 20, viewport: 200 });
  return { grid, scroller };
}

it('goes to the top when the bar is moved there, also after it was moved elsewhere', () => {
  const { grid, scroller } = shown();
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

it('names the active row only while it is there', () => {
  const { grid, scroller } = shown();
  const named = () => document.getElementById(scroller.getAttribute('aria-activedescendant') ?? '');
  for (const [active, isThere] of [
    [-1, false],
    [0, true],
    [9, true],
    [50, false],
    [200, false],
  ] as const) {
    grid.repaint(active);
    expect([active, named() !== null, scroller.hasAttribute('aria-activedescendant')]).toEqual([
      active,
      isThere,
      isThere,
    ]);
  }
  grid.repaint(50);
  grid.show(50, 0);
  expect(named()?.getAttribute('aria-rowindex')).toBe('51');
  grid.show(0, 0);
  expect(scroller.hasAttribute('aria-activedescendant')).toBe(false);
  grid.destroy();
});

it('names a type without a shape of its own by two letters, which are none of the words of its row', () => {
  const row = document.createElement('div');
  const shape = glyph(row);
  const shown = () => [shape.kind.getAttribute('data-code'), shape.path.getAttribute('d') !== ''];
  paintGlyph(shape, 8, 'DiscountApplied');
  expect(shown()).toEqual(['DA', false]);
  paintGlyph(shape, 2, 'ItemAdded');
  expect(shown()).toEqual(['', true]);
  // Where a list has no room for letters, they all look alike.
  paintGlyph(shape, 8);
  expect(shown()).toEqual(['', true]);
  paintGlyph(shape, null);
  expect(shown()).toEqual(['', false]);
  expect(row.textContent).toBe('');
});
