import { type Offset, TailraceError } from '@tailrace/schemas'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BrokerApi } from '../../api/broker-api.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import { defaultLimits, mostReadBytes } from '../limits/limits.ts'
import { ReadBudget } from '../limits/read-budget.ts'
import { PartitionEnds } from '../standing/partition-ends.ts'
import { MemoryBroker } from '../testing/memory-broker.ts'
import { batchOf } from '../testing/running-gateway.ts'
import { Subscription } from './subscription.ts'

/** As AuthorizedBroker. */
function withRights(broker: MemoryBroker, check: () => void): BrokerApi {
  const api: Pick<BrokerApi, 'fetch' | 'findOffset' | 'onLeadership' | 'routing'> = {
    fetch: async (...asked) => {
      check()
      const found = await broker.fetch(...asked)
      check()
      return found
    },
    findOffset: (...asked) => broker.findOffset(...asked),
    onLeadership: (listener) => broker.onLeadership(listener),
    routing: (topics) => broker.routing(topics),
  }
  return api as BrokerApi
}

/** A subscriber whose room, credit and rights the test decides. */
class Subscriber {
  roomy = true
  mayRead = true
  /** How many more it may follow. */
  partitions = 0
  next: Offset | null = null
  /** What has been sent since it may not read any more. */
  forbidden = 0
  ended: string | null = null
  readonly subscription: Subscription

  constructor(api: MemoryBroker, clock: ManualClock, ends: PartitionEnds, credit: number) {
    const reads = new ReadBudget(defaultLimits.maxReadBytes, mostReadBytes(defaultLimits))
    const own = this
    const client = {
      get roomy() {
        return own.roomy
      },
      reads,
      subscriptions: { addPartition: () => own.partitions-- > 0 },
      sender: { quotas: { postpone: () => 0, spend: () => {} } },
      fault: (error: unknown) => {
        throw error
      },
    }
    const checkRead = () => {
      if (!this.mayRead) throw new TailraceError('AUTHORIZATION_FAILED')
    }
    this.subscription = new Subscription(
      { topic: 't', position: { kind: 'EARLIEST', value: 0 }, partitions: [], credit },
      {
        api: withRights(api, checkRead),
        ends,
        checkRead,
        clock,
        random: seededRandom(1),
        client,
        onEnd: () => {},
        sink: {
          fetchBytes: 256 * 1024,
          subscribed: ([at]) => {
            this.next = at!.offset
          },
          records: (_, { found, offset }) => {
            expect(offset).toBe(this.next)
            expect(found.highWatermark).toBeGreaterThanOrEqual(found.nextOffset)
            this.next = found.nextOffset
            if (!this.mayRead) this.forbidden += found.batches.length
            return found
          },
          ended: (_, { code }) => {
            this.ended = code
          },
        },
      },
    )
    this.subscription.start()
  }
}

const subscribers = 5
const someone = fc.nat(subscribers - 1)
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const), values: fc.integer({ min: 1, max: 3 }) }) },
  fc.record({ do: fc.constant('room' as const), who: someone, roomy: fc.boolean() }),
  fc.record({ do: fc.constant('credit' as const), who: someone, bytes: fc.integer({ min: 1, max: 1_000 }) }),
  fc.record({ do: fc.constant('fail' as const), code: fc.constantFrom('LEADER_UNAVAILABLE', 'CONNECTION_LOST') }),
  fc.record({ do: fc.constant('forbid' as const), who: someone }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 3_000, 31_000) }) },
)

test('whatever their room, credit and rights: each gets all records once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
      const clock = new ManualClock()
      const broker = new MemoryBroker(clock)
      await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
      const ends = new PartitionEnds(broker, clock)
      const all = Array.from({ length: subscribers }, (_, at) => new Subscriber(broker, clock, ends, at * 300))
      await clock.advance(0)
      for (const one of acts) {
        if (one.do === 'publish') {
          const values = Array.from({ length: one.values }, (_, at) => `value ${at}`)
          await broker.publish('t', 0, batchOf(values), {})
        } else if (one.do === 'room') {
          all[one.who]!.roomy = one.roomy
          if (one.roomy) all[one.who]!.subscription.wake()
        } else if (one.do === 'credit') all[one.who]!.subscription.grant(one.bytes)
        else if (one.do === 'fail') broker.fetchFailures.push(one.code)
        else if (one.do === 'forbid') all[one.who]!.mayRead = false
        else await clock.advance(one.ms)
      }
      broker.fetchFailures.length = 0
      for (const one of all) {
        one.roomy = true
        one.subscription.grant(1e6)
        one.subscription.wake()
      }
      await clock.advance(60_000)
      const { end } = broker.topics.get('t')!.partitions[0]!
      for (const { mayRead, next, forbidden, ended } of all) {
        if (mayRead) expect([next, ended]).toEqual([end, null])
        else expect([forbidden, ended]).toEqual([0, 'AUTHORIZATION_FAILED'])
      }
      // However many there are, one read waits for all that have got everything.
      expect(broker.topics.get('t')!.partitions[0]!.waiting.size).toBeLessThanOrEqual(1)
      for (const { subscription } of all) subscription.close()
      await clock.advance(0)
      expect(broker.topics.get('t')!.partitions[0]!.waiting.size).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('who loses its right at an idle partition is told within 30 s, and the others stay', async () => {
  const clock = new ManualClock()
  const broker = new MemoryBroker(clock)
  await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  const ends = new PartitionEnds(broker, clock)
  const all = Array.from({ length: 2 }, () => new Subscriber(broker, clock, ends, 1e6))
  await clock.advance(100_000)
  all[0]!.mayRead = false
  await clock.advance(30_000)
  expect(all.map(({ ended }) => ended)).toEqual(['AUTHORIZATION_FAILED', null])
  await broker.publish('t', 0, batchOf(['value']), {})
  await clock.advance(0)
  expect(all.map(({ next }) => next)).toEqual([0, 1])
  for (const { subscription } of all) subscription.close()
  await clock.advance(0)
})

test('partitions that a topic gets are read from their beginning, as far as the connection may follow them', async () => {
  const clock = new ManualClock()
  const broker = new MemoryBroker(clock)
  await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  const all = new Subscriber(broker, clock, new PartitionEnds(broker, clock), 1e6)
  all.partitions = 1
  await clock.advance(0)
  await broker.publish('t', 0, batchOf(['a', 'b']), {})
  await clock.advance(0)
  expect(all.next).toBe(2)
  broker.addPartitions('t', 2)
  await clock.advance(0)
  expect([all.next, all.subscription.partitionCount]).toEqual([0, 2])
  await broker.publish('t', 1, batchOf(['c']), {})
  await clock.advance(0)
  expect([all.next, all.ended]).toEqual([1, null])
  broker.addPartitions('t', 3)
  await clock.advance(0)
  expect([all.ended, all.subscription.partitionCount]).toEqual(['TOO_MANY_SUBSCRIPTIONS', 2])
  await broker.publish('t', 1, batchOf(['d']), {})
  await clock.advance(0)
  expect(all.next).toBe(2)
  all.subscription.close()
})
