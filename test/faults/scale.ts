import { randomFrom } from '../support/random.ts';

/** How much of everything: 1 is the short version of `npm test`, 20 the one of `npm run test:faults`. */
export const scale = numberFrom('FAULTS_SCALE', 1);

/** Repeats a run: what is random in these tests follows from it, though not what the machine makes of it. */
export const seed = numberFrom('FAULTS_SEED', Date.now() % 1_000_000);

/** Another sequence for each name, so that one test more or less changes no other. */
export function randomOf(name: string): () => number {
  return randomFrom(Array.from(name).reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, seed));
}

/** Milliseconds for a test that takes `shortMs` at scale 1 on a slow machine. */
export function timeoutFor(shortMs: number): { timeout: number } {
  return { timeout: shortMs * Math.max(1, scale) };
}

function numberFrom(variable: string, otherwise: number): number {
  const given = process.env[variable];
  if (given === undefined || given === '') return otherwise;
  const value = Number(given);
  if (!(value > 0)) throw new Error(`${variable}=${given}: give a number above 0.`);
  return value;
}
