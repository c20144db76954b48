import { TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { during } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'
import { conditionOf } from './conditions.ts'

const usage = { freeBytes: 10.4, reserveBytes: 5, secondsUntilFull: Number.POSITIVE_INFINITY }
const metrics = { corruptPlaces: { read: 1, scrub: 2, recovery: 3 } }
const storage = { writable: true, usage, metrics } as never
const none = { quarantined: 0, stopped: 0 }

test('a disk that does not fill up has no time until it is full; a long reason is cut', () => {
  const told = conditionOf(storage, { ready: false, reason: 'x'.repeat(5000) }, none)
  expect(told).toMatchObject({ freeBytes: 10, secondsUntilFull: null, checksumFailures: 6 })
  expect(told.reason).toHaveLength(1000)
})

test('a broker asks the others, and tells of each that does not answer why', async () => {
  const cluster = await TestCluster.of(4)
  const { node } = cluster.broker(1)
  cluster.broker(2).diskFull = true
  cluster.cut(cluster.broker(1), cluster.broker(4))
  const refused = new TailraceError('UNSUPPORTED_MESSAGE', 'BrokerCondition is not answered here.')
  Object.assign(cluster.broker(3).node.handlers, { request: () => Promise.reject(refused) })
  expect(await during(cluster, node.conditionsOfOthers())).toEqual([
    { broker: 2, condition: expect.objectContaining({ ready: true, writable: false }), why: '' },
    { broker: 3, condition: null, why: 'It is of an earlier version, which does not tell.' },
    { broker: 4, condition: null, why: 'It is not reached.' },
  ])
})

test('a broker that does not answer is not known after two seconds', async () => {
  const cluster = await TestCluster.of(2)
  const one = cluster.broker(1)
  one.unanswered.add('BrokerCondition')
  const asked = one.node.conditionsOfOthers()
  await cluster.clock.advance(2_000)
  expect(await asked).toEqual([{ broker: 2, condition: null, why: 'It has not answered in time.' }])
})
