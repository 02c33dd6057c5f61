/** A smoke run shows that a bench still works: the smallest sizes, one round, no peers, no limits. It measures nothing. */
const isSmoke = process.env.KTRDR_BENCH_SMOKE !== undefined;

export const sized = (usual, smallest) => (isSmoke ? smallest : usual);
