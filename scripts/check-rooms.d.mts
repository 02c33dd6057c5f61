export function faultsOf(path: string, source: string): string[];
export const rooms: Readonly<Record<string, readonly string[]>>;
