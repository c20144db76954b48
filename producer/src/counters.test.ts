import diagnostics from 'node:diagnostics_channel'
import { TestCluster } from '@tailrace/client/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { json, Producer, topic } from './index.ts'

let cluster: TestCluster
let producer: Producer
beforeEach(async () => {
  cluster = await TestCluster.start({ t: 2 })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
})
afterEach(async () => {
  await producer.close({ timeoutMs: 0 })
  await cluster.close()
})

it('counts what is acknowledged, what is sent again and what fails', async () => {
  const nothing = { records: 0, batches: 0, bytes: 0, failedRecords: 0, retries: 0 }
  const still = { inFlight: 0, bufferedBytes: 0, waitingSends: 0 }
  expect(producer.counters()).toEqual({ ...nothing, ...still })
  await producer.sendBatch('t', [
    { value: 'a', partition: 0 },
    { value: 'b', partition: 0 },
    { value: 'c', partition: 1 },
  ])
  const bytes = [0, 1].flatMap((partition) => cluster.log('t', partition).batches.map((batch) => batch.bytes.length))
  const sum = bytes.reduce((all, one) => all + one, 0)
  expect(producer.counters()).toEqual({ ...nothing, ...still, records: 3, batches: 2, bytes: sum })
  let faults = 2
  cluster.fault = () => (faults-- > 0 ? { error: 'NOT_READY' } : undefined)
  await producer.send('t', { value: 'd', partition: 0 })
  expect(producer.counters()).toMatchObject({ records: 4, batches: 3, retries: 2, failedRecords: 0 })
  await expect(producer.send('t', { value: 'e', partition: 9 })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
  const typed = topic('t', json())
  await expect(producer.sendBatch(typed, [{ value: 1n }, { value: 2 }])).rejects.toMatchObject({
    code: 'INVALID_RECORD',
  })
  cluster.fault = () => ({ error: 'READ_ONLY' })
  await expect(producer.send('t', { value: 'f', partition: 0 })).rejects.toMatchObject({ code: 'READ_ONLY' })
  expect(producer.counters()).toMatchObject({ records: 4, failedRecords: 4 })
})

it('shows what is under way, and what waits', async () => {
  await producer.send('t', { value: 'a', partition: 0 })
  cluster.fault = () => ({ lateMs: 100 })
  const sent = producer.send('t', { value: 'b', partition: 0 })
  await expect.poll(() => producer.counters().inFlight).toBe(1)
  expect(producer.counters().bufferedBytes).toBe(producer.bufferedBytes)
  await sent
  expect(producer.counters()).toMatchObject({ inFlight: 0, bufferedBytes: 0 })
  await cluster.broker(1).stop()
  const waiting = producer.send('unknown', { value: 'c' })
  expect(producer.counters().waitingSends).toBe(1)
  await producer.close({ timeoutMs: 0 })
  await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
  expect(producer.counters()).toMatchObject({ waitingSends: 0, failedRecords: 1 })
})

it('tells each call to those that have subscribed to its channel, with its outcome', async () => {
  const told: unknown[] = []
  const note = (event: string) => (message: unknown) => {
    const { topic, records, result, error } = message as Record<string, unknown>
    told.push([event, topic, records, result !== undefined, (error as { code?: string } | undefined)?.code])
  }
  const channel = diagnostics.tracingChannel('tailrace:producer:send')
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }
  channel.subscribe(subscribers)
  await producer.send('t', { value: 'a' })
  await producer.sendBatch('t', [{ value: 'b' }, { value: 'c' }])
  await expect(producer.send('t', { value: 'd', partition: 9 })).rejects.toThrow()
  channel.unsubscribe(subscribers)
  await producer.send('t', { value: 'e' })
  const call = (records: number) => [
    ['start', 't', records, false, undefined],
    ['end', 't', records, false, undefined],
    ['asyncStart', 't', records, true, undefined],
    ['asyncEnd', 't', records, true, undefined],
  ]
  const failed = ['error', 'asyncStart', 'asyncEnd'].map((event) => [event, 't', 1, false, 'UNKNOWN_PARTITION'])
  expect(told).toEqual([...call(1), ...call(2), ...call(1).slice(0, 2), ...failed])
})
