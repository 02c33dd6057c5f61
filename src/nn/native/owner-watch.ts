import { readSync } from 'node:fs';

// Waits for the end of the input, which comes when the owner of this process lets go of it or dies, and then ends the whole
// process at once: other ways wait for a library that may never answer.
const byte = new Uint8Array(1);
try {
  while (readSync(0, byte) > 0);
} finally {
  process.kill(process.pid, 'SIGKILL');
}
