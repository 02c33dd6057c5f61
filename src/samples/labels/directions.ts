/** Labels that say what to do; their names are those of `classesOf`. */
export const buy = 0;
export const hold = 1;
export const sell = 2;
