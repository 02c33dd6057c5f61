/** Read from the words themselves, because a line that cannot be understood has to be answered in JSON, too. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  return words.includes('--json') || words.includes('--ndjson');
}
