// What a person hands on of an error, as text: everything that helps to find its cause, and nothing that tells where
// they keep their things or how they get there.

import type { AppErrorWire } from '../backend/bindings';
import { S } from '../strings';

/** `at`: when it was shown, RFC 3339. */
export function errorDetail({ code, message, hint, choices }: AppErrorWire, at: string): string {
  const lines = [
    [S.error.detail.what, `${S.error.titles[code]} (${code})`],
    [S.error.detail.why, redacted(message)],
    [S.error.detail.advice, redacted(hint)],
    [S.error.detail.choices, choices.join(', ')],
    [S.error.detail.when, at],
  ];
  return lines.flatMap(([name, text]) => (text === '' ? [] : [`${name}: ${text}`])).join('\n');
}

/** Without folders, hosts, users and passwords; the name of a file stays. Rather too little is kept than too much. */
export function redacted(text: string): string {
  return (
    text
      .replace(/\b([a-z][a-z0-9+.-]*:\/\/)\S+/gi, '$1…')
      // From where a path begins to its last folder: folders may have blanks in their names.
      .replace(/(^|[\s"'(=])(?:~|[a-z]:)?[\\/](?![/…]).*[\\/]/gi, '$1…/')
      .replace(/(^|[\s"'(=])(?:[a-z]:)?[\\/](?=[^\s/\\])/gi, '$1…/')
  );
}
