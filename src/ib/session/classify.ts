import { ibErrorTable, type IbVerdict } from './error-table.ts';

/**
 * Understands a message, and quotes it, by its number and its text together, never by the number alone: 162 is at once "no data",
 * "too fast", "not permitted" and "cancelled". A message that is not in the table is an error that may pass, except in
 * IB's range of warnings.
 */
export function classify(code: number, text: string): IbVerdict {
  const rule = ibErrorTable.find((each) => each.codes.includes(code) && (each.text?.test(text) ?? true));
  const quoted = text.trim().replace(/\s+/g, ' ');
  if (rule !== undefined) return { ...rule.meaning, sentence: `${rule.meaning.sentence} (IB ${code}: ${quoted})` };
  const sentence = `IB sent message ${code}: ${quoted}`;
  if (isWarning(code, text)) return { outcome: 'notice', sentence };
  return { outcome: 'error', code: 'unavailable', sentence };
}

function isWarning(code: number, text: string): boolean {
  return (code >= 2100 && code < 3000) || text.startsWith('Warning:');
}
