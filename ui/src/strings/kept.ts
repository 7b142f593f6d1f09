// What is said of what stays on this machine of a connection. Read with its editor, and not before.

export const KEPT = {
  choices: {
    '': 'On disk (the default)',
    disk: 'On disk',
    memory: 'In memory, gone with the session',
    off: 'Nothing: payloads are never copied',
  },
  hint: 'Index and copies of payloads. Of a server they are sealed on the disk',
  held: (size: string, told: string) => `${size} on this machine: ${told}`,
  purge: 'Throw it away',
};
