import { expect, test } from 'vitest'
import { diskTroubles } from './disk-troubles.ts'

const GiB = 1024 ** 3
const well = { writable: true, freeBytes: 10 * GiB, secondsUntilFull: Number.POSITIVE_INFINITY, read: 0, scrub: 0 }

test.each([
  [{}, []],
  [{ freeBytes: 0.9 * GiB, writable: false, secondsUntilFull: 0 }, [{ kind: 'disk-full', amount: GiB }]],
  [{ freeBytes: 1.9 * GiB }, [{ kind: 'disk-low', amount: GiB }]],
  [{ secondsUntilFull: 86_401 }, []],
  [{ secondsUntilFull: 7200 }, [{ kind: 'disk-filling', amount: 2 }]],
  [{ secondsUntilFull: 5 }, [{ kind: 'disk-filling', amount: 1 }]],
  [{ read: 1, scrub: 2 }, [{ kind: 'checksum-failures', amount: 3 }]],
])('%j', (change, expected) => {
  const { writable, freeBytes, secondsUntilFull, read, scrub } = { ...well, ...change }
  const usage = { freeBytes, secondsUntilFull, reserveBytes: GiB }
  const metrics = { corruptPlaces: { read, scrub, recovery: 0 } }
  expect(diskTroubles({ writable, usage, metrics } as never)).toEqual(expected)
})
