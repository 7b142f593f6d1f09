// What is said of case files wherever one stands.

export const CASE = {
  band: 'CASE FILE',
  asOf: (time: string) => `as of ${time}`,
  writtenOn: (time: string) => `written ${time}`,
  blocked: {
    isCase: 'This is a case file already: copy the file instead',
    writing: 'The case file is being written',
    notWriting: 'No case file is being written',
    noted: 'The notes of a case file are read and not written',
  },
} as const;
