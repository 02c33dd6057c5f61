import { InvalidArgumentError } from 'commander';

/** A variable of the shell that is not set would otherwise choose the default without a word. */
export function filledOption(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}
