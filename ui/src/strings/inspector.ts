// Texts of the inspector's trees: how they are shown, who changed what, what upcasters made of an event.

export const BLAME = {
  value: 'Field',
  changed: 'Last changed by',
  when: 'Recorded',
  who: 'Who',
  line: 'Line',
  wrote: 'Written again',
  version: 'Changed at',
};

export const TREE_BAR = {
  extent: 'What is shown',
  whole: 'Whole',
  changes: 'Only changes',
  layout: 'How a difference is shown',
  unified: 'Unified',
  sideBySide: 'Side by side',
  expand: 'Expand all',
  expandShort: 'Expand',
  collapse: 'Collapse all',
  collapseShort: 'Collapse',
  copyShort: 'Copy',
  copyState: 'Copy JSON',
  copyField: 'Copy JSON of the field',
  cut: (depth: number) => `Open to depth ${depth}: below that there are too many rows to open at once`,
};

export const SIDE = {
  absent: 'absent',
  movedTo: (path: string) => `moves to ${path}`,
  movedFrom: (path: string) => `was at ${path}`,
};

export const UPCAST = {
  lens: 'Upcast',
  label: 'What upcasters make of the event',
  reading: 'Reading what upcasters make of it',
  none: (handler: string) => `${handler} has no upcasters for this event: its rules get it as it is stored`,
  asStored: 'The event is stored as the rules expect it: no upcaster changes it',
  stored: 'Stored',
  made: (type: string) => `What the rules get · ${type}`,
  becomes: (types: string) => `becomes ${types}`,
  drops: 'drops the event',
  fails: 'fails',
  more: (count: string) => `and ${count} more`,
  parts: 'The events that it became',
  redacted: 'Fields are hidden: the steps ran on what is shown, so that nothing hidden comes out at another place',
};
