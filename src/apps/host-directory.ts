import { join } from 'node:path';

/** Where in a home a host service keeps its records, which one process owns at a time. The API's lie in the home itself. */
export function hostDirectory(home: string, host: 'ib' | 'training'): string {
  return join(home, 'hosts', host);
}
