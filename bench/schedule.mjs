// How long loads take under IB's rules, in virtual time, beside the shortest time that the rules allow; and whether they
// are kept. Plan and pacing are the product's, the gateway answers as fast as a real one was measured.
import { CancellationToken, ManualClock } from '../dist/async/index.js';
import { planJobs } from '../dist/data/plan-jobs.js';
import { stretchesOf } from '../dist/data/stretches.js';
import { estimateMs, serviceMs } from '../dist/ib/pacing/estimate.js';
import { PacingQueue } from '../dist/ib/pacing/pacing-queue.js';
import { defaultPacingLimits } from '../dist/ib/pacing/pacing.js';
import { maxSpanMs } from '../dist/ib/requests.js';
import { calendarOf, expectedRuns } from '../dist/market/index.js';
import { atMost, formats, report, row } from './support/report.mjs';
import { lowerBoundMs, simulateSchedule, violationsOf } from './support/schedule.mjs';
import { sized } from './support/smoke.mjs';

const year = { start: Date.UTC(2024, 0, 1), end: sized(Date.UTC(2025, 0, 1), Date.UTC(2024, 1, 1)) };
const month = { start: Date.UTC(2024, 2, 1), end: sized(Date.UTC(2024, 3, 1), Date.UTC(2024, 2, 6)) };
const minutes = (range) => {
  const runs = expectedRuns(calendarOf('us_equities'), '1m', range);
  const nothing = stretchesOf({ runs, present: new Float64Array(), confirmedEmpty: [] });
  const planning = {
    mode: 'tail',
    maxSpanMs: maxSpanMs('1m', 'stock'),
    estimateMs: (requests) => estimateMs(requests, defaultPacingLimits),
  };
  return planJobs(nothing, planning).map(({ expected }) => expected);
};

const loads = [
  { what: 'one symbol, a year of 1m', series: [minutes(year)] },
  { what: 'ten symbols, a month of 1m', series: Array.from({ length: 10 }, () => minutes(month)) },
];
const rows = [];
for (const { what, series } of loads) {
  const clock = new ManualClock();
  const { requests, totalMs } = await simulateSchedule({
    queue: new PacingQueue({ limits: defaultPacingLimits, clock }),
    clock,
    token: CancellationToken.none,
    series,
    serviceMs,
    requestsAtOnce: defaultPacingLimits.inFlight,
    seriesAtOnce: 4,
  });
  const bound = lowerBoundMs({ series, serviceMs });
  rows.push(
    row({ what: `${what}: ${requests.length} requests`, ours: [totalMs], format: formats.seconds }),
    row({ what: `${what}: the time to the shortest allowed`, ours: [totalMs / bound], format, limit: atMost(1.1) }),
    row({
      what: `${what}: violations`,
      ours: [violationsOf(requests).length],
      format: formats.number,
      limit: atMost(0),
    }),
  );
}
report({
  title: "Loads under IB's rules, in virtual time",
  rows,
  notes: [
    'The shortest time allowed: six starts in any two seconds, and the answer to the shortest request at the end.',
  ],
});

function format(ratio) {
  return ratio.toFixed(3);
}
