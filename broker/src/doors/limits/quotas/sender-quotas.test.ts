import { EventEmitter } from 'node:events'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { QuotaEntity, QuotaLimits } from '../../../api/quotas.ts'
import { ManualClock } from '../../../platform/testing/clock.ts'
import { MemoryTables } from '../../../security/testing/memory-tables.ts'
import { gatewayMetrics } from '../metrics.ts'
import { QuotaKeeper } from './quota-keeper.ts'
import { SenderQuotas } from './sender-quotas.ts'

function setUp(entity: Partial<QuotaEntity>, limits: QuotaLimits, cascadeBytesPerSecond = 0) {
  const clock = new ManualClock(0)
  const tables = new MemoryTables()
  tables.quota(entity, limits)
  const logged: object[] = []
  const log = { info() {}, error() {}, warn: (fields: object) => void logged.push(fields) }
  const registry = new Registry()
  const { throttled } = gatewayMetrics(registry)
  const keeper = new QuotaKeeper({ clock, log, metrics: throttled, quotas: () => tables.quotas, cascadeBytesPerSecond })
  const sender = (principal = 'User:ann', clientId = '', address = '10.0.0.1') =>
    new SenderQuotas(keeper, () => principal, { clientId, address })
  const pass = (ms: number) => clock.advance(ms, async () => {})
  return { keeper, tables, logged, registry, sender, pass }
}
const throttled = (ms: number) =>
  expect.objectContaining({ code: 'THROTTLED', retriable: true, retryAfterMs: expect.closeTo(ms, -1) })

test('what is over waits; what would wait longer than a second is refused and says when to come again', async () => {
  const { sender, pass } = setUp({ principal: '*' }, { produceBytesPerSecond: 1000 })
  const [ann, again, bob] = [sender(), sender(), sender('User:bob')]
  const kind = 'produceBytesPerSecond'
  expect([ann.take(kind, 1000), ann.take(kind, 500)]).toEqual([0, 500])
  expect([again.waitMs(kind), bob.waitMs(kind)]).toEqual([500, 0])
  expect(again.take(kind, 2500)).toBe(1000)
  expect(() => ann.take(kind, 1)).toThrow(throttled(3000))
  expect(() => ann.turn(kind)).toThrow(throttled(3000))
  expect(ann.postpone(kind)).toBe(1000)
  expect(bob.take(kind, 1000)).toBe(0)
  await pass(2000)
  expect([ann.turn(kind), ann.take(kind, 500)]).toEqual([1000, 1000])
  expect(sender().waitMs('fetchBytesPerSecond')).toBe(0)
})

test('a quota that is set, changed or removed holds for those that are there', async () => {
  const { sender, tables, pass } = setUp({ principal: 'User:bob' }, { requestsPerSecond: 1 })
  const ann = sender()
  for (let n = 0; n < 10; n++) expect(ann.take('requestsPerSecond', 1)).toBe(0)
  tables.quota({ principal: 'User:ann' }, { requestsPerSecond: 10 })
  expect(ann.take('requestsPerSecond', 15)).toBe(500)
  tables.quota({ principal: 'User:ann' }, { requestsPerSecond: 5 })
  expect(ann.waitMs('requestsPerSecond')).toBe(1000)
  await pass(1000)
  expect(ann.waitMs('requestsPerSecond')).toBe(0)
  tables.quotas = new Map()
  expect(ann.take('requestsPerSecond', 1e6)).toBe(0)
})

test('topics: as many an hour with as many partitions; what was not made is given back', async () => {
  const { sender, pass } = setUp({ principal: '*' }, { topicsPerHour: 2, partitionsPerHour: 10 })
  const ann = sender()
  ann.create(100)()
  ann.create(4)
  expect(() => ann.create(7)).toThrow(throttled(360_000))
  ann.create(6)
  expect(() => ann.create(1)).toThrow(throttled(1_800_000))
  await pass(1_800_001)
  ann.create(5)
})

test('partitions that a topic gets count as those of new topics', () => {
  const { sender } = setUp({ principal: '*' }, { topicsPerHour: 1, partitionsPerHour: 10 })
  const ann = sender()
  ann.addPartitions(100)()
  ann.create(4)
  ann.addPartitions(6)
  expect(() => ann.addPartitions(1)).toThrow(throttled(360_000))
  ann.addPartitions(0)
})

test('connections and subscriptions are counted, and move with the principal', () => {
  const { sender, keeper } = setUp({ principal: '*' }, { connections: 1, subscriptions: 2 })
  const ann = sender()
  let principal = 'User:ANONYMOUS'
  const another = new SenderQuotas(keeper, () => principal, { clientId: '', address: '10.0.0.1' })
  ann.hold('connections')
  another.hold('connections')
  expect(() => sender().hold('connections')).toThrow(throttled(1000))
  another.hold('subscriptions')
  expect(() => another.admit('User:ann')).toThrow(throttled(1000))
  another.admit('User:bob')
  principal = 'User:bob'
  another.renewed()
  sender('User:ANONYMOUS').hold('connections')
  expect(() => sender('User:bob').hold('connections')).toThrow(throttled(1000))
  sender('User:bob').hold('subscriptions')
  expect(() => sender('User:bob').hold('subscriptions')).toThrow(throttled(1000))
  ann.release('connections')
  another.admit('User:ann')
})

test('a connection that becomes a WebSocket counts once, and for whom the WebSocket is then', () => {
  const { sender, keeper } = setUp({ principal: '*' }, { connections: 1 })
  const connection = new EventEmitter()
  sender('User:ANONYMOUS').keepConnection(connection)
  sender('User:ANONYMOUS').keepConnection(connection)
  let principal = 'User:ANONYMOUS'
  const upgraded = new SenderQuotas(keeper, () => principal, { clientId: '', address: '10.0.0.1' })
  upgraded.takeConnection(connection)
  principal = 'User:ann'
  upgraded.renewed()
  sender('User:ANONYMOUS').keepConnection(new EventEmitter())
  expect(() => sender().keepConnection(new EventEmitter())).toThrow(throttled(1000))
  connection.emit('close')
  sender().keepConnection(new EventEmitter())
})

test('a connection with requests of many senders keeps nothing of those before the latest', () => {
  const { sender } = setUp({ principal: 'User:ann' }, { connections: 1 })
  const connection = new EventEmitter()
  for (let at = 0; at < 20; at++) sender(at % 2 === 0 ? 'User:ann' : 'User:bob').keepConnection(connection)
  sender().keepConnection(new EventEmitter())
  for (let at = 0; at < 20; at++) expect(() => sender().keepConnection(connection)).toThrow(throttled(1000))
  expect(connection.listenerCount('close')).toBe(1)
})

test('metrics say what waited and what was refused, and the log names an entity once a minute', async () => {
  const { sender, registry, logged, pass } = setUp({ principal: '*', clientId: '*' }, { requestsPerSecond: 1 })
  const ann = sender('User:ann', 'loader')
  ann.take('requestsPerSecond', 2)
  ann.take('requestsPerSecond', 2)
  expect(() => ann.take('requestsPerSecond', 1)).toThrow(throttled(3000))
  const text = await registry.metrics()
  expect(text).toContain('tailrace_throttled_total{kind="requestsPerSecond",outcome="delayed"} 2')
  expect(text).toContain('tailrace_throttled_total{kind="requestsPerSecond",outcome="refused"} 1')
  expect(text).toContain('tailrace_throttled_seconds_total{kind="requestsPerSecond"} 2')
  expect(text).not.toContain('ann')
  expect(logged).toEqual([{ entity: 'User:ann, client loader', kind: 'requestsPerSecond', limit: 1 }])
  await pass(59_000)
  ann.take('requestsPerSecond', 2)
  expect(logged).toHaveLength(1)
  await pass(1_000)
  ann.take('requestsPerSecond', 2)
  expect(logged).toHaveLength(2)
})

test('the use of a bounded number of entities is known, and one that is over is kept before one that is not', () => {
  const { sender, keeper } = setUp({ clientId: '*' }, { requestsPerSecond: 1 })
  const heavy = sender('User:ann', 'heavy')
  heavy.take('requestsPerSecond', 3)
  for (let n = 0; n < 10_500; n++) sender('User:ann', `c${n}`).waitMs('requestsPerSecond')
  expect(keeper.buckets.size).toBe(10_000)
  expect(heavy.waitMs('requestsPerSecond')).toBe(2000)
})

test('a cascade broker has the limit of the setting, each its own, unless a quota names it', async () => {
  const { sender, tables, pass } = setUp({ principal: '*' }, { requestsPerSecond: 1_000 }, 1_000)
  const kind = 'fetchBytesPerSecond'
  const [one, again, other, client] = [sender('Cascade:201'), sender('Cascade:201'), sender(), sender()]
  for (const [broker, its] of [
    [201, one],
    [201, again],
    [202, other],
  ] as const)
    its.copiesAs(broker)
  for (const its of [one, other, client]) its.spend(kind, 1_500)
  expect([one, again, other, client].map((its) => its.waitMs(kind))).toEqual([500, 500, 500, 0])
  await pass(500)
  expect(one.waitMs(kind)).toBe(0)
  tables.quota({ principal: 'Cascade:201' }, { fetchBytesPerSecond: 100 })
  one.spend(kind, 150)
  expect([one, other].map((its) => its.waitMs(kind))).toEqual([500, 0])
})
