/** Dates are written as epoch milliseconds of their midnight in UTC. */
export const dayMs = 86_400_000;

export function isWeekend(date: number): boolean {
  const day = new Date(date).getUTCDay();
  return day === 0 || day === 6;
}

/** The UTC date of an instant, `2026-07-06`. */
export function dateText(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}
