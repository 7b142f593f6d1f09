// Texts of handlers as files.

export const HANDLERS = {
  stays: (handler: string) => `${handler} stays as it was loaded`,
  show: 'Show in Handlers',
  place: (file: string, line: number, column: number) => `${file}:${line}:${column}`,
  folded: (handler: string) => `${handler} was saved: every state is what it makes now`,
} as const;
