import { expect, test } from 'vitest'
import type { Condition } from '../../api/condition.ts'
import { conditionsText } from './conditions-text.ts'

const GiB = 1024 ** 3
const well: Condition = {
  ready: true,
  reason: 'ready',
  writable: true,
  freeBytes: 10 * GiB,
  reserveBytes: GiB,
  secondsUntilFull: null,
  checksumFailures: 0,
  quarantined: 0,
  stopped: 0,
}

test.each<[Partial<Condition>, object[]]>([
  [{}, []],
  [{ freeBytes: 0.9 * GiB, writable: false, secondsUntilFull: 0 }, [{ kind: 'disk-full', amount: GiB }]],
  [{ freeBytes: 1.9 * GiB }, [{ kind: 'disk-low', amount: GiB }]],
  [{ secondsUntilFull: 86_401 }, []],
  [{ secondsUntilFull: 7200 }, [{ kind: 'disk-filling', amount: 2 }]],
  [{ secondsUntilFull: 5 }, [{ kind: 'disk-filling', amount: 1 }]],
  [{ checksumFailures: 3 }, [{ kind: 'checksum-failures', amount: 3 }]],
  [
    { quarantined: 2, stopped: 1 },
    [
      { kind: 'replicas-quarantined', amount: 2 },
      { kind: 'replicas-stopped', amount: 1 },
    ],
  ],
])('%j', (change, troubles) => {
  const told = JSON.parse(conditionsText([{ broker: 2, condition: { ...well, ...change }, why: '' }]))
  expect(told).toEqual([{ broker: 2, condition: { ready: true, reason: 'ready', troubles }, why: '' }])
})

test('why a broker is not known', () => {
  const unknown = { broker: 3, condition: null, why: 'It is not reached.' }
  expect(JSON.parse(conditionsText([unknown]))).toEqual([unknown])
})
