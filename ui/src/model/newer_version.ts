// Which version of a handler is newer than the one that folds. A manifest says in which order its versions came, and the
// list of handlers keeps that order: nothing is read out of what they are called. Pure.

import type { HandlerChoice, HandlerWire } from '../backend/bindings';

/** What folds each event with the version that was live then, in all environments or in one. It is no version itself. */
const AS_DEPLOYED = /^as-deployed(:|$)/;

/**
 * The newest version at hand of the handler that was opened as `reference`; empty: it is the newest, or nobody knows.
 * `choices`: the newest version of each package first.
 */
export function newerVersion(
  choices: readonly HandlerChoice[],
  reference: string,
  { name, version }: Pick<HandlerWire, 'name' | 'version'>,
): string {
  const versions = choices.filter((choice) => choice.version !== '' && !AS_DEPLOYED.test(choice.version));
  // One that came from elsewhere stands where the same version of its name does.
  const present =
    versions.find((choice) => choice.reference === reference) ??
    versions.find((choice) => choice.name === name && choice.version === version);
  if (present?.version !== version) return '';
  const first = versions.find((choice) => packageOf(choice) === packageOf(present));
  return first && first !== present ? first.version : '';
}

/** The folder of a package, where each version has a reference `folder@version`. */
function packageOf({ reference, version }: HandlerChoice): string {
  return reference.slice(0, -`@${version}`.length);
}
