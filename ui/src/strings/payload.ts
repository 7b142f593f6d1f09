// What stands around a payload.

export const PAYLOAD = {
  label: 'The document of this event',
  beginning: (shown: string, whole: string) => `The first ${shown} of ${whole}`,
  all: (whole: string) => `All of ${whole}`,
  showAll: 'Show all',
  find: 'Find in it',
  findNext: 'Find next',
  save: 'Save…',
  hit: (place: string, total: string) => `${place} of ${total}`,
  notFound: (text: string) => `Nowhere in what is shown: ${text}`,
  saved: (file: string) => `Saved to ${file}`,
  undecodable: 'This document cannot be read',
  tried: 'Tried',
  looksLike: (kind: string) => `its bytes look like ${kind}`,
  at: (offset: string) => `at byte ${offset}`,
  undecodableAdvice: 'Its bytes are below. States from this event on are marked incomplete',
  bytes: 'Bytes, sixteen a row',
  offset: 'Offset',
  hex: 'Bytes',
  text: 'Text',
} as const;
