import { expect, test } from 'vitest'
import { belowSeries } from '../../cascade/control/below-series.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { seriesText } from './series-text.ts'

test('each edge to a cascade broker below has its lag and the age of its report', async () => {
  const report = { broker: 201, source: 101, level: 2, lagRecords: 7, lagBytes: 700, lagMs: 1500, ageMs: 250 }
  let text = ''
  for await (const piece of seriesText(belowSeries, [report as never], nodeClock)) text += piece
  expect(text.split('\n').filter((line) => line.startsWith('tailrace'))).toEqual([
    'tailrace_cascade_below_lag_records{broker="201",source="101",level="2"} 7',
    'tailrace_cascade_below_lag_bytes{broker="201",source="101",level="2"} 700',
    'tailrace_cascade_below_lag_seconds{broker="201",source="101",level="2"} 1.5',
    'tailrace_cascade_below_report_age_seconds{broker="201",source="101",level="2"} 0.25',
  ])
})
