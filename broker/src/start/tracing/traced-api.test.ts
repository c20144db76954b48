import { TailraceError } from '@tailrace/schemas'
import { afterEach, expect, it } from 'vitest'
import type { BrokerApi } from '../../api/broker-api.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { type BatchTrace, tracePoints } from '../../platform/trace-points.ts'
import { tracedApi } from './traced-api.ts'

const clock = new ManualClock(1_000)
const batch = Uint8Array.of(1)
const told: BatchTrace[] = []
const onTrace = (trace: BatchTrace) => void told.push(trace)

afterEach(() => {
  told.length = 0
  for (const point of Object.values(tracePoints)) point.unsubscribe(onTrace)
})

function apiOf(methods: Partial<BrokerApi>): BrokerApi {
  return tracedApi(methods as BrokerApi, clock)
}

it('gives what the broker gives, and tells nobody who is not there', async () => {
  const result = Promise.resolve({} as never)
  const api = apiOf({ publish: () => result, fetch: () => result })
  expect(api.publish('t', 0, batch, {} as never)).toBe(result)
  expect(api.fetch('t', 0, {} as never)).toBe(result)
})

it('tells of a publish when it is answered, and of its error', async () => {
  tracePoints.publish.subscribe(onTrace)
  const answers = [Promise.resolve({} as never), Promise.reject(new TailraceError('NOT_LEADER'))]
  const api = apiOf({ publish: () => answers.shift()! })
  await api.publish('t', 2, batch, {} as never)
  await expect(api.publish('t', 2, batch, {} as never)).rejects.toThrow(TailraceError)
  await settled()
  const place = { topic: 't', partition: 2, batches: [batch], startedAt: 1_000, durationMs: 0 }
  expect(told).toEqual([
    { ...place, error: null },
    { ...place, error: 'NOT_LEADER' },
  ])
})

it('tells of what a reader gets, not of an empty answer or a refusal', async () => {
  tracePoints.deliver.subscribe(onTrace)
  const answers = [
    Promise.resolve({ batches: [batch] } as never),
    Promise.resolve({ batches: [] } as never),
    Promise.reject(new TailraceError('NOT_LEADER')),
  ]
  const api = apiOf({ fetch: () => answers.shift()! })
  await api.fetch('t', 2, {} as never)
  await api.fetch('t', 2, {} as never)
  await expect(api.fetch('t', 2, {} as never)).rejects.toThrow(TailraceError)
  await settled()
  expect(told).toEqual([{ topic: 't', partition: 2, batches: [batch], startedAt: 1_000, durationMs: 0, error: null }])
})
