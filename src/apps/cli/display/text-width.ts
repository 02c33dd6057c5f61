/** Scripts whose signs take two cells, their punctuation, and signs that are drawn as pictures. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const combining = /^[\p{Mark}\p{Cf}]/u;
/** What a terminal obeys instead of showing it, apart from the codes that paint. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const controls = /\x1B\[[0-9;?]*[A-Za-ln-z]|\x1B(?!\[[0-9;]*m)|[\x00-\x1A\x1C-\x1F\x7F-\x9F]/g;
// oxlint-disable-next-line no-control-regex -- the escape character is what a colour code begins with
const paint = /(\x1B\[[0-9;]*m)/;

/** How many cells of a terminal a text takes. Codes that paint take none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const piece of text.split(paint)) if (!piece.startsWith('\x1B')) width += plainWidth(piece);
  return width;
}

/** A text cut to so many cells, without cutting a sign or a code that paints, on one line and with nothing in it that a terminal obeys. */
export function fitted(text: string, cells: number): string {
  let room = cells;
  let result = '';
  for (const piece of text.replace(controls, ' ').split(paint)) {
    if (piece.startsWith('\x1B')) {
      result += piece;
      continue;
    }
    for (const { segment } of graphemes().segment(piece)) {
      const width = signWidth(segment);
      if (width > room) {
        room = 0;
        break;
      }
      room -= width;
      result += segment;
    }
  }
  return result;
}

function plainWidth(text: string): number {
  // Most text is ASCII, one cell a character.
  if (/^[\x20-\x7E]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes().segment(text)) width += signWidth(segment);
  return width;
}

function signWidth(sign: string): number {
  if (wide.test(sign)) return 2;
  return combining.test(sign) ? 0 : 1;
}

let segmenter: Intl.Segmenter | undefined;

/** Made when it is needed: its tables take longer to load than a short command takes. */
function graphemes(): Intl.Segmenter {
  segmenter ??= new Intl.Segmenter();
  return segmenter;
}
