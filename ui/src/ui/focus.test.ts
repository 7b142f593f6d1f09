// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isFree, keepFocus } from './focus';

let stop = () => {};

beforeEach(() => {
  document.body.innerHTML = `<div id="page">
    <nav data-region="rail"><button id="rail"></button></nav>
    <main data-region="view"><div id="list" role="grid" tabindex="0"></div><button id="open"></button></main>
    <div id="over"></div>
  </div>`;
  stop = keepFocus(element('page'));
});
afterEach(() => stop());

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
}

function add(id: string, into: string): HTMLElement {
  const added = document.createElement('button');
  added.id = id;
  element(into).append(added);
  added.focus();
  return added;
}

// What watches the page is told when the present task is through.
const told = () => new Promise((done) => setTimeout(done));
const focused = () => document.activeElement?.id;

it('returns from what opened over the page, also through several', async () => {
  element('open').focus();
  const dialog = add('dialog', 'over');
  const second = add('second', 'over');
  second.remove();
  await told();
  expect(focused()).toBe('dialog');
  dialog.remove();
  await told();
  expect(focused()).toBe('open');
});

it('leaves the focus where a person put it', async () => {
  const drawer = add('drawer', 'over');
  element('list').focus();
  drawer.remove();
  await told();
  expect(focused()).toBe('list');
  element('list').blur();
  add('other', 'over').remove();
  element('list').blur();
  await told();
  expect(focused()).not.toBe('rail');
});

it('goes to the list of the view that took the place of another, once it is there', async () => {
  element('rail').focus();
  const old = add('old', 'list');
  const view = document.querySelector('main');
  old.closest('[role=grid]')?.remove();
  element('open').remove();
  await told();
  expect(document.activeElement).toBe(document.body);
  const list = document.createElement('div');
  list.id = 'streams';
  list.tabIndex = 0;
  list.setAttribute('role', 'treegrid');
  view?.append(list);
  await told();
  expect(focused()).toBe('streams');
});

it('does not return to what is behind an overlay', async () => {
  element('open').focus();
  element('list').focus();
  const dialog = add('dialog', 'over');
  element('list').setAttribute('inert', '');
  dialog.remove();
  await told();
  expect(focused()).toBe('open');
});

it('enters a view that has no list where something can be done, and its list once there is one', async () => {
  const view = document.querySelector('main');
  const old = element('list');
  old.focus();
  old.remove();
  element('open').remove();
  const next = document.createElement('div');
  next.id = 'view';
  next.innerHTML = '<input id="field"><button id="run"></button>';
  view?.append(next);
  await told();
  expect(focused()).toBe('run');
  next.insertAdjacentHTML('beforeend', '<div id="rows" role="grid" tabindex="0"></div>');
  await told();
  expect(focused()).toBe('rows');
});

it('stays where a person went before the list of the view was there', async () => {
  element('list').focus();
  element('list').remove();
  element('open').remove();
  const next = document.createElement('div');
  next.id = 'view';
  next.innerHTML = '<button id="run"></button><button id="stop"></button>';
  document.querySelector('main')?.append(next);
  await told();
  element('stop').focus();
  next.insertAdjacentHTML('beforeend', '<div id="rows" role="grid" tabindex="0"></div>');
  await told();
  expect(focused()).toBe('stop');
});

it('lends the focus until a person does something with it', async () => {
  element('rail').focus();
  expect(isFree()).toBe(false);
  element('open').focus();
  add('field', 'list').remove();
  await told();
  expect([focused(), isFree()]).toEqual(['open', true]);
  const press = (key: string, ctrlKey = false) =>
    element('open').dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true }));
  press('Enter', true);
  expect(isFree()).toBe(true);
  press('ArrowDown');
  expect(isFree()).toBe(false);
  add('field', 'list').remove();
  await told();
  expect(isFree()).toBe(true);
  element('rail').focus();
  expect(isFree()).toBe(false);
  element('rail').blur();
  expect(isFree()).toBe(true);
});

it('takes no focus before a person gave it to anything', async () => {
  element('list').remove();
  element('over').insertAdjacentHTML('beforeend', '<div role="grid" tabindex="0"></div>');
  await told();
  expect(document.activeElement).toBe(document.body);
});
