// What the wheel does over a timeline, as a person set it.

class Wheel {
  pans = $state(false);
}

export const wheel = new Wheel();
