// What is said of values that masking rules hide, and of keys that occur more than once.

import { countOf } from '../base/format';

export const REDACTED = {
  revealed: (n: number, isAll: boolean) =>
    isAll ? 'everything revealed' : countOf(n, 'place revealed', 'places revealed'),
  conceal: 'Hide again',
  noRules: 'No masking rule holds for this store',
  notRedacted: 'Choose a hidden field first',
  ended: 'What is hidden has changed, so what ran here was stopped. Run it again.',
  forgotten: 'What is hidden has changed, so what was shown here is gone. Run it again.',
  nothingRevealed: 'Nothing is revealed',
} as const;
