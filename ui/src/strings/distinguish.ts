// Texts of what distinguishes a range: read with its view, as that is not needed at the start.

export const DISTINGUISH = {
  title: 'What distinguishes this range',
  ask: 'What distinguishes it',
  asking: 'Comparing the range with the rest',
  explain:
    'Compares type, category, stream, hour, metadata and payload of the events in the range with those of all others, and ranks what differs most',
  nothing: 'Nothing distinguishes this range: no share inside differs from that outside by more than chance',
  attribute: 'Attribute',
  inside: 'In the range',
  outside: 'Outside',
  openTop: 'Open top stream',
  filter: 'Use as filter',
  copy: 'Copy as text',
} as const;
