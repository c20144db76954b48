import { TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { conditionsAbove } from './conditions-above.ts'
import { vouching } from './upstream/vouching.ts'

const condition = {
  ready: true,
  reason: '',
  writable: true,
  freeBytes: 9,
  reserveBytes: 1,
  secondsUntilFull: null,
  checksumFailures: 0,
  quarantined: 0,
  stopped: 0,
}
const told = (broker: number) => ({ broker, condition, why: '' })

/** A cascade broker 101 whose source answers so. */
function asked(answer: unknown) {
  const last = { cluster: { brokers: [1, 101, 102].map((id) => ({ id })) } } as never
  return conditionsAbove({
    brokerId: 101,
    uplink: { last, whenSession: async () => ({ address: 'above:1' }) as never },
    client: {
      async request(method, address, path) {
        expect([method, address, path]).toEqual(['GET', 'above:1', '/cluster/conditions'])
        if (answer instanceof Error) throw answer
        return answer
      },
    },
    vouch: vouching(true),
  })
}

test('the source tells of all others; what it tells of this broker is not needed', async () => {
  expect(await asked({ brokers: [told(1), told(101), told(102)] })).toEqual([told(1), told(102)])
})

test.each([
  [new TailraceError('TIMED_OUT'), 'The source has not told: It has not answered in time.'],
  [{ brokers: [{ ...told(1), condition: { ...condition, freeBytes: -1 } }] }, expect.stringContaining('above:1')],
])('none is known where the source does not tell: %j', async (answer, why) => {
  expect(await asked(answer)).toEqual([1, 102].map((broker) => ({ broker, condition: null, why })))
})
