/**
 * Bars of one answer at most. As JSON they take some 20 ms of the process that answers, in which it answers nobody else;
 * longer series come page by page.
 */
export const mostBarsOnPage = 20_000;
