/** The signs of this program that are not ASCII, and what stands for each where they cannot be shown. All take one cell. */
const plain: ReadonlyMap<string, string> = new Map([
  ['\u2713', '+'],
  ['\u2717', 'x'],
  ['\u25A0', '-'],
  ['\u2501', '='],
  ['\u2500', '-'],
  ['\u2588', '#'],
  ['\u2593', '+'],
  ['\u2592', '='],
  ['\u2591', '-'],
  ['\u00B7', '.'],
]);

const signs = new RegExp(`[${[...plain.keys()].join('')}]`, 'g');

/** A text with its signs in ASCII. */
export function plainSigns(text: string): string {
  return text.replace(signs, (sign) => plain.get(sign) ?? sign);
}

/**
 * Whether more than ASCII can be shown: by the locale, of which nothing is known where no variable names one, and by the
 * console of Linux, whose font has few signs.
 */
export function showsSigns(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM } = environment;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return TERM !== 'linux' && (locale === '' || /utf-?8/i.test(locale));
}
