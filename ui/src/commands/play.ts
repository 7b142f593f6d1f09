// Playing a history.

import type { Desk } from '../model/desk.svelte';
import type { Playing } from '../model/playing.svelte';
import { EVENT_SPEEDS, TIME_SPEEDS } from '../model/pace';
import { S } from '../strings';
import { command, type Choice, type Command, type Reach, type Shape } from './command';

export const PLAY: readonly Command[] = [
  play('play.toggle', 'Play or pause', { keys: ['Space'] }, (p) => p.toggle()),
  play('play.faster', 'Play faster', { keys: ['>'] }, (p) => p.turn(1)),
  play('play.slower', 'Play slower', { keys: ['<'] }, (p) => p.turn(-1)),
  play('play.byEvent', 'Play by event', { words: 'mode' }, (p) => p.setMode('events')),
  play('play.byTime', 'Play by time', { words: 'mode clock' }, (p) => p.setMode('time')),
  command('Play', ['history'], 'play.speed', 'Speed of playing…', setSpeed, { choices: speeds }),
  play('play.loop', 'Loop the range, or play once', { words: 'repeat' }, (p) => (p.isLooping = !p.isLooping)),
  play('play.loopRange', 'Play the range from B to A in a loop', { words: 'repeat' }, (p) => {
    p.stop();
    p.isLooping = true;
    p.start();
  }),
  play('play.stopOnProblem', 'Stop playing at problems, or play over them', { words: 'invariant' }, (p) => {
    p.stopsAtProblems = !p.stopsAtProblems;
  }),
];

function play(id: string, title: string, shape: Shape, act: (playing: Playing) => void): Command {
  const run = ({ history }: Desk) => {
    if (history) act(history.playing);
  };
  return command('Play', ['history'], id, title, run, shape);
}

function speeds(): Choice[] {
  return [
    ...EVENT_SPEEDS.map((speed) => ({
      value: `events:${speed}`,
      title: S.scrubber.eventSpeed(speed),
      note: S.scrubber.byEvent,
    })),
    ...TIME_SPEEDS.map((speed) => ({
      value: `time:${speed}`,
      title: S.scrubber.timeSpeed(speed),
      note: S.scrubber.byTime,
    })),
  ];
}

/** `value`: `events:4` or `time:60`. */
function setSpeed({ history }: Desk, _: Reach, value: string): void {
  if (!history) return;
  const [mode, written] = value.split(':');
  const known = mode === 'time' ? TIME_SPEEDS : EVENT_SPEEDS;
  const speed = known.find((one) => `${one}` === written);
  if (speed !== undefined) history.playing.setSpeed(mode === 'time' ? 'time' : 'events', speed);
}
