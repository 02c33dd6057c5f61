import { systemClock } from '../../../async/index.ts';
import { noDisplay, type Display } from './display.ts';
import { EventsDisplay } from './events-display.ts';
import { terminalTurn } from './foreground.ts';
import { PlainDisplay } from './plain-display.ts';
import { TerminalDisplay } from './terminal-display.ts';
import { terminal } from '../terminal.ts';

interface DisplayOptions {
  /** One JSON object a line on stdout, in the place of everything else. */
  readonly ndjson: boolean;
  /** What Ctrl-C does, in a few words. */
  readonly onCtrlC: string;
  /** What the key `d` does; there is no such key when absent. */
  readonly detach?: { readonly words: string; readonly act: () => void } | undefined;
}

/** The display that fits to what was asked for, and to where stderr goes. */
export async function openDisplay({ ndjson, onCtrlC, detach }: DisplayOptions): Promise<Display> {
  const { stdin, stderr: stream } = process;
  if (ndjson) return new EventsDisplay();
  if (terminal.isQuiet) return noDisplay;
  const canDraw = stream.isTTY && process.env['TERM'] !== 'dumb';
  // In the background nobody wants his prompt to be drawn over.
  if (!canDraw || (await terminalTurn()) === 'others') return new PlainDisplay(stream, systemClock);
  const hasKeys = stdin.isTTY;
  const hasDetach = detach !== undefined && hasKeys;
  return new TerminalDisplay({
    stream,
    hasKeys,
    hint: `Ctrl-C ${onCtrlC}${hasDetach ? `, d ${detach.words}` : ''}`,
    keys: hasDetach ? { d: detach.act } : {},
  });
}
