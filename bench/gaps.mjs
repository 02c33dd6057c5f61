// What is missing of ten years of minutes with 10,000 holes in them, and the requests that would fill them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { coverageOf } from '../dist/data/coverage.js';
import { planJobs } from '../dist/data/plan-jobs.js';
import { stretchesOf } from '../dist/data/stretches.js';
import { estimateMs } from '../dist/ib/pacing/estimate.js';
import { defaultPacingLimits } from '../dist/ib/pacing/pacing.js';
import { maxSpanMs } from '../dist/ib/requests.js';
import { calendarOf, expectedBars, expectedRuns } from '../dist/market/index.js';
import { pythonPeer, withoutPython } from './support/python.mjs';
import { atLeast, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msOf } from './support/rounds.mjs';
import { sized } from './support/smoke.mjs';

const decade = { start: Date.UTC(2012, 0, 1), end: sized(Date.UTC(2022, 0, 1), Date.UTC(2012, 1, 1)) };
const calendar = calendarOf('us_equities');
const holes = sized(10_000, 10);
const planning = {
  mode: 'full',
  maxSpanMs: maxSpanMs('1m', 'stock'),
  estimateMs: (requests) => estimateMs(requests, defaultPacingLimits),
};

await withResources(async ({ open, directory }) => {
  const { start: stamps } = expectedBars(calendar, '1m', decade);
  const { present, wanted } = withHoles(stamps);
  const runs = expectedRuns(calendar, '1m', decade);
  const plan = () => {
    const stretches = stretchesOf({
      runs: expectedRuns(calendar, '1m', decade),
      present,
      confirmedEmpty: [],
    });
    return { gaps: coverageOf(stretches).gaps, jobs: planJobs(stretches, planning) };
  };
  const { gaps, jobs } = plan();
  // A bench that finds the wrong holes fast proves nothing.
  const found = gaps.map(({ start, bars }) => `${start} ${bars}`);
  if (found.join() !== wanted.join()) throw new Error('The holes that were found are not those that were made.');

  const files = { held: join(directory, 'held.f64'), sessions: join(directory, 'sessions.f64') };
  const sessions = calendar.sessions(decade).filter(({ date }) => date >= decade.start && date < decade.end);
  writeFileSync(files.held, present);
  writeFileSync(files.sessions, new Float64Array(sessions.flatMap((session) => [session.open, session.close])));
  const pandas = await pythonPeer('gaps', files);
  if (pandas !== undefined) open(pandas);

  const values = await interleaved({
    ours: () => msOf(plan),
    ...(pandas === undefined ? {} : { pandas: () => timesOf(pandas, gaps) }),
    gapsAlone: () => msOf(() => coverageOf(stretchesOf({ runs, present, confirmedEmpty: [] }))),
  });
  const format = formats.ms;
  report({
    title: 'What is missing of ten years of minutes with 10,000 holes',
    rows: [
      row({
        what: 'expected bars, holes and requests, against pandas (holes alone)',
        ours: values.ours,
        format,
        ...(values.pandas === undefined ? {} : { peer: values.pandas, limit: atLeast(10) }),
      }),
      row({ what: 'the holes, with the expected bars at hand', ours: values.gapsAlone, format }),
    ],
    notes: [
      `${formats.number(stamps.length)} expected bars; all ${formats.number(gaps.length)} runs of missing ones were found, each exact to the bar, and planned as ${formats.number(jobs.length)} requests.`,
      `At IB's pace ${formats.seconds(timeOf(jobs))}; one request for each hole would take ${formats.seconds(timeOf(gaps))}.`,
      pandas === undefined ? withoutPython : `The peer: ${pandas.ready.versions}.`,
    ],
  });
});

/** Takes out runs of 1 to 20 bars at places of a fixed sequence; neighbours of two runs become one hole. */
function withHoles(stamps) {
  const isMissing = new Uint8Array(stamps.length);
  let state = 12_345;
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let hole = 0; hole < holes; hole += 1) {
    const from = random(stamps.length - 20);
    isMissing.fill(1, from, from + 1 + random(20));
  }
  const wanted = [];
  for (let index = 0; index < stamps.length; index += 1) {
    if (isMissing[index] === 0 || isMissing[index - 1] === 1) continue;
    let end = index;
    while (isMissing[end] === 1) end += 1;
    wanted.push(`${stamps[index]} ${end - index}`);
  }
  return { present: stamps.filter((_, index) => isMissing[index] === 0), wanted };
}

/** By the plan's own estimate, for requests of so many expected bars. */
function timeOf(requests) {
  return planning.estimateMs(requests.map(({ expected, bars }) => expected ?? bars));
}

/** Both sides must have found the same. */
async function timesOf(peer, gaps) {
  const { ms, result } = await peer.run();
  if (result.gaps !== gaps.length) throw new Error(`pandas found ${result.gaps} holes, we ${gaps.length}.`);
  return ms;
}
