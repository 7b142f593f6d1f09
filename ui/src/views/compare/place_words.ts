// An event that is not the same in two stores, in words.

import type { StoresPlace } from '../../backend/bindings';
import { countText } from '../../base/format';
import { STORES as T } from '../../strings/stores';

const label = (version: string, position: string) =>
  version !== '' ? `v ${countText(version)}` : position === '' ? '' : `#${countText(position)}`;

/** Where it stands, and how it differs. */
export function placeText(place: StoresPlace): string {
  return `${whereText(place)} ${howText(place)}`.trim();
}

/** Its place on the left, and that on the right where it is another. */
export function whereText({ leftPosition, leftVersion, rightPosition, rightVersion }: StoresPlace): string {
  const [left, right] = [label(leftVersion, leftPosition), label(rightVersion, rightPosition)];
  const isByVersion = leftVersion !== '' && rightVersion !== '';
  if (left === '' || right === '' || left === right) return left || right;
  return isByVersion ? `${left} | ${right}` : left;
}

export function howText({ isUnclear, leftPosition, parts, rightPosition }: StoresPlace): string {
  if (isUnclear) return T.unreadable;
  if (rightPosition === '') return T.isOnlyLeft;
  if (leftPosition === '') return T.isOnlyRight;
  return parts.join(', ');
}
