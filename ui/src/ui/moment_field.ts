// A field for a moment, as an attachment. It says the zone of times that name none, and what was typed is written out with
// it once a person is done: what is asked stands in the field.

import { cursorOfTyped } from '../base/typed_time';
import { shownTime } from '../base/zone.svelte';
import { S } from '../strings';

export function momentField(field: HTMLInputElement): () => void {
  const hint = field.title;
  field.title = [hint, S.times.zone(shownTime.label)].filter(Boolean).join('; ');
  const writeOut = () => {
    const cursor = cursorOfTyped(field.value);
    if (cursor === field.value) return;
    field.value = cursor;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };
  // Keys that run what is asked leave the field as it is: it is written out before they do.
  const press = ({ key }: KeyboardEvent) => key === 'Enter' && writeOut();
  field.addEventListener('change', writeOut);
  field.addEventListener('keydown', press);
  return () => {
    field.title = hint;
    field.removeEventListener('change', writeOut);
    field.removeEventListener('keydown', press);
  };
}
