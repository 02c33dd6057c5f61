import { sized } from './smoke.mjs';

/**
 * Lets competitors take turns, so that a slow moment of the machine hits all of them alike. Each is a function that does
 * its work once and returns what is measured; the order turns with the round. Returns the values by name, one for each
 * round after the warm-up.
 */
export async function interleaved(competitors, { rounds = 9, warmups = 2 } = {}) {
  const names = Object.keys(competitors);
  const values = Object.fromEntries(names.map((name) => [name, []]));
  const before = sized(warmups, 0);
  for (let round = -before; round < sized(rounds, 1); round += 1) {
    for (const index of names.keys()) {
      const name = names[(index + round + before) % names.length];
      const value = await competitors[name]();
      if (round >= 0) values[name].push(value);
    }
  }
  return values;
}

/** Milliseconds that one of `count` calls takes, `wide` of them under way at any moment. */
export async function msEach(count, act, wide = 1) {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await act();
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: wide }, lane));
  return (performance.now() - begun) / count;
}

/** Milliseconds that `act` takes, and nothing else meanwhile. */
export function msOf(act) {
  const begun = performance.now();
  act();
  return performance.now() - begun;
}
