// What it costs to know which bars must be there: ten years of minutes, and what lies between them.
import { calendarOf, classifySpan, expectedBars } from '../dist/market/index.js';
import { atMost, formats, report, row } from './support/report.mjs';
import { interleaved, msOf } from './support/rounds.mjs';

const decade = { start: Date.UTC(2012, 0, 1), end: Date.UTC(2022, 0, 1) };
const equities = calendarOf('us_equities');
const currencies = calendarOf('currencies');

const begun = performance.now();
const minutes = expectedBars(equities, '1m', decade).start.length;
const first = performance.now() - begun;

const values = await interleaved({
  equities: () => msOf(() => expectedBars(equities, '1m', decade)),
  currencies: () => msOf(() => expectedBars(currencies, '1m', decade)),
  pieces: () => msOf(() => classifySpan(equities, '1m', decade)),
});
const format = formats.ms;
report({
  title: 'The bars that a calendar expects in ten years',
  rows: [
    row({
      what: `${formats.number(minutes)} minutes of US equities`,
      ours: values.equities,
      format,
      limit: atMost(100),
    }),
    row({ what: 'the same, the first time in a process', ours: [first], format }),
    row({ what: 'minutes of currencies, 3.7 million', ours: values.currencies, format }),
    row({ what: 'what lies between the minutes of US equities', ours: values.pieces, format }),
  ],
});
process.exit();
