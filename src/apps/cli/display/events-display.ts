import { isTerminal, type Operation } from '../../../operations/index.ts';
import type { Display } from './display.ts';
import { printJson } from '../terminal.ts';

/** Shows long work to programs: each state of it as a JSON object on a line of stdout. */
export class EventsDisplay implements Display {
  #hasStarted = false;

  show(operation: Operation): void {
    if (!this.#hasStarted) this.#print('started', operation);
    else if (!isTerminal(operation.status)) this.#print('progress', operation);
    this.#hasStarted = true;
    if (isTerminal(operation.status)) this.#print('ended', operation);
  }

  say(): void {}

  end(): void {}

  [Symbol.dispose](): void {}

  #print(event: 'started' | 'progress' | 'ended', operation: Operation): void {
    printJson('ktrdr.event/1', { event, operation });
  }
}
