// A load under IB's rules in virtual time, the shortest time in which the rules allow it, and a referee that knows
// nothing of the scheduler but when it sent what.

/** IB's documented rules for bars of a minute and more, and for all that is sent. */
const rules = {
  history: { count: 6, ms: 2_000 },
  messages: { count: 50, ms: 1_000 },
  identicalMs: 15_000,
  open: 50,
};

/**
 * Sends the requests of several series through a queue whose clock is moved on by hand. `series` are the bars of each
 * request of each series; `serviceMs` is how long the gateway takes for so many bars.
 */
export async function simulateSchedule({ queue, clock, token, series, serviceMs, requestsAtOnce, seriesAtOnce }) {
  const requests = [];
  const loadRequest = async (instrument, number, bars) => {
    const paced = { kind: 'history', key: `${instrument} ${number}`, instrument, weight: 1 };
    const send = async () => {
      const request = { key: paced.key, startedAt: clock.elapsed(), endedAt: Infinity };
      requests.push(request);
      await clock.sleep(serviceMs(bars), token);
      request.endedAt = clock.elapsed();
    };
    await queue.run(paced, send, { token, effort: `${bars} bars` });
  };
  const loadSeries = (bars, index) =>
    sideBySide(bars, requestsAtOnce, (each, number) => loadRequest(`series ${index}`, number, each));
  const state = { isDone: false };
  const done = sideBySide(series, seriesAtOnce, loadSeries).then(() => (state.isDone = true));
  while (!state.isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5);
  }
  await done;
  return { requests, totalMs: Math.max(...requests.map(({ endedAt }) => endedAt)) };
}

/** The last request starts no earlier than the rate of starts allows, and takes no less than its service time. */
export function lowerBoundMs({ series, serviceMs }) {
  const bars = series.flat();
  const lastStart = Math.floor((bars.length - 1) / rules.history.count) * rules.history.ms;
  return lastStart + serviceMs(Math.min(...bars));
}

/** What broke a rule, in words; none when all were kept. */
export function violationsOf(requests) {
  const starts = requests.map(({ startedAt }) => startedAt);
  const within = (at, ms) => starts.filter((other) => other <= at && other > at - ms).length;
  return requests.flatMap(({ key, startedAt }, index) => {
    const open = requests.filter((other) => other.startedAt <= startedAt && other.endedAt > startedAt).length;
    const twin = requests.find((other, place) => place < index && other.key === key);
    return [
      ...(within(startedAt, rules.history.ms) > rules.history.count ? [`${key}: the rate of history`] : []),
      ...(within(startedAt, rules.messages.ms) > rules.messages.count ? [`${key}: the rate of messages`] : []),
      ...(twin !== undefined && startedAt - twin.startedAt < rules.identicalMs ? [`${key}: identical`] : []),
      ...(open > rules.open ? [`${key}: ${open} requests open`] : []),
    ];
  });
}

/** In order, at most so many at the same time. */
async function sideBySide(items, atOnce, work) {
  const waiting = items.entries();
  const lane = async () => {
    for (const [index, item] of waiting) await work(item, index);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
