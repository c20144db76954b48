import { expect, test } from 'vitest'
import { conditionLines } from './condition-lines.ts'

const GB = 1e9
const well = {
  ready: true,
  reason: '',
  writable: true,
  freeBytes: 10 * GB,
  reserveBytes: GB,
  secondsUntilFull: null,
  checksumFailures: 0,
  quarantined: 0,
  stopped: 0,
}

test.each([
  [{}, []],
  [{ ready: false, reason: 'joining' }, ['broker 2: it is not ready: joining']],
  [{ writable: false }, ['broker 2: its disk is full up to the reserve of 1.0 GB: it takes no records']],
  [{ freeBytes: 1.5 * GB }, ['broker 2: its disk is almost full: 1.5 GB left']],
  [{ secondsUntilFull: 7200 }, ['broker 2: in 2 h its disk is full up to the reserve']],
  [
    { checksumFailures: 3, quarantined: 1, stopped: 2 },
    ['broker 2: wrong checksums in 3 places since its start', 'broker 2: replicas in quarantine: 1, stopped: 2'],
  ],
])('%j', (change, lines) => {
  expect(conditionLines([{ broker: 2, condition: { ...well, ...change }, why: '' }])).toEqual(lines)
})

test('one that is not known says why', () => {
  const lines = conditionLines([{ broker: 3, condition: null, why: 'It is not reached.' }])
  expect(lines).toEqual(['broker 3: its condition is not known: It is not reached.'])
})
