import { TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { BrokerCondition } from '../../api/condition.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { anonymousSession } from '../../security/identity/session.ts'
import { MemoryBroker } from '../testing/memory-broker.ts'
import { batchOf } from '../testing/running-gateway.ts'
import { SharedViews } from './shared-views.ts'
import { Watch } from './watch.ts'

const started = 1_700_000_000_000
let clock: ManualClock
let broker: MemoryBroker
let views: SharedViews
let hidden: Set<string>
let problem: TailraceError | null
let conditions: BrokerCondition[]
let mayCluster: boolean
let overfull: boolean
let checks: number
const sent: { id: unknown; at: number; topics: { name: string }[]; described: { name: string }[] }[] = []
const failures: unknown[] = []
const authorizer = { version: 1 }
const rights = {
  session: anonymousSession('127.0.0.1'),
  mayDescribe: (topic: string) => {
    checks++
    return !hidden.has(topic)
  },
  mayDescribeCluster: () => mayCluster,
}

beforeEach(async () => {
  clock = new ManualClock(started)
  broker = new MemoryBroker(clock)
  for (const name of ['flights', 'orders']) await broker.createTopic({ name, partitions: 1, replicas: 1 })
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  views = new SharedViews({ api: broker, conditions: async () => conditions }, clock, log)
  ;[conditions, mayCluster] = [[], true]
  ;[hidden, problem, overfull, checks, authorizer.version] = [new Set(), null, false, 0, 1]
  sent.length = 0
  failures.length = 0
})

async function watch(...topics: string[]): Promise<Watch> {
  const client = {
    authentication: { problem: () => problem } as never,
    get overfull() {
      return overfull
    },
    sendText: (text: string) => void sent.push(JSON.parse(text)),
  }
  const made = new Watch('w', topics, { client, rights, authorizer, clock, fail: (error) => void failures.push(error) })
  views.add(made)
  await clock.advance(0)
  return made
}
const change = () => broker.publish('flights', 0, batchOf(['x']))
const times = () => sent.map(({ at }) => at - started)

test('an unchanged state is not sent again, whatever the time; a changed one is, once a second', async () => {
  await watch('flights')
  await clock.advance(5_500)
  expect(times()).toEqual([0])
  await change()
  await clock.advance(500)
  expect(times()).toEqual([0, 6_000])
  for (let n = 0; n < 40; n++) {
    await change()
    await clock.advance(100)
  }
  expect(times()).toEqual([0, 6_000, 7_000, 8_000, 9_000, 10_000])
})

test('a state that comes less than a second after the first of a watch waits for the next round', async () => {
  await watch()
  await clock.advance(700)
  await watch('flights')
  await change()
  await clock.advance(1_000)
  expect(times()).toEqual([0, 700])
  await clock.advance(1_000)
  expect(times()).toEqual([0, 700, 2_000])
})

test('nothing is sent, or asked for, while the client does not read or its session is over', async () => {
  const description = broker.describeTopic.bind(broker)
  let asked = 0
  broker.describeTopic = (name) => {
    asked++
    return description(name)
  }
  await watch('flights')
  for (const [stop, goOn] of [
    [() => (overfull = true), () => (overfull = false)],
    [() => (problem = new TailraceError('AUTHENTICATION_REQUIRED')), () => (problem = null)],
  ] as const) {
    const [messages, before] = [sent.length, asked]
    stop()
    await change()
    await clock.advance(3_000)
    expect([sent.length, asked]).toEqual([messages, before])
    goOn()
    await clock.advance(1_000)
    expect([sent.length, asked]).toEqual([messages + 1, before + 1])
    expect(sent.at(-1)!.described).toEqual([await description('flights')])
  }
})

test('the list is shown by the rules of the moment, which are asked once for each of its topics', async () => {
  await watch()
  const listed = () => sent.at(-1)!.topics.map(({ name }) => name)
  expect(listed()).toEqual(['flights', 'orders'])
  const before = checks
  await clock.advance(5_000)
  expect(checks).toBe(before)
  hidden.add('flights')
  authorizer.version++
  await clock.advance(1_000)
  expect([listed(), checks]).toEqual([['orders'], before + 2])
  rights.session = anonymousSession('127.0.0.1')
  hidden.clear()
  await clock.advance(1_000)
  expect([listed(), checks]).toEqual([['flights', 'orders'], before + 4])
  await broker.deleteTopic('orders')
  await clock.advance(1_000)
  expect(listed()).toEqual(['flights'])
})

test('the description of a former topic of the name is not shown', async () => {
  await watch('flights')
  await broker.deleteTopic('flights')
  await broker.createTopic({ name: 'flights', partitions: 1, replicas: 1 })
  broker.describeTopic = () => Promise.reject(new TailraceError('LEADER_UNAVAILABLE'))
  await clock.advance(1_000)
  expect(sent.at(-1)).toMatchObject({ topics: [{ name: 'orders' }, { name: 'flights' }], described: [] })
})

test('topics with more than 100,000 partitions together end it', async () => {
  const made = await watch('flights', 'wide')
  await broker.createTopic({ name: 'wide', partitions: 100_000, replicas: 1 })
  await clock.advance(1_000)
  expect(failures).toContainEqual(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  views.remove(made)
  expect(sent).toHaveLength(1)
})

test('conditions of brokers are told when they change, to those who may see the cluster', async () => {
  await watch()
  conditions = [{ broker: 2, condition: null, why: 'It is not reached.' }]
  await clock.advance(3_000)
  expect(sent).toMatchObject([{ conditions: [] }, { conditions }])
  mayCluster = false
  await clock.advance(1_000)
  expect(sent.at(-1)).toMatchObject({ conditions: null, cluster: null })
})
