/**
 * The same function, which makes nothing twice in a row: what is new goes to all who wait for it one after the other.
 * Only the last value is kept; a map of all that are alive would keep each until the collector's next long round.
 */
export function rememberLast<K extends object, V>(make: (key: K) => V): (key: K) => V {
  let last: { readonly key: K; readonly value: V } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: make(key) };
    return last.value;
  };
}
