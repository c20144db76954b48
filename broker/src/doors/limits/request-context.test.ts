import { TailraceError } from '@tailrace/schemas'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { testSender, testServices } from '../testing/test-services.ts'
import { defaultLimits, readLimits } from './limits.ts'
import { gatewayMetrics } from './metrics.ts'
import { NewProducers } from './new-producers.ts'
import { RequestContext } from './request-context.ts'

const gone = new AbortController().signal
const asked = { offset: 7, maxBytes: 0, waitMs: 0, replica: false, linearizable: false }

function contextOf(access: 'write' | 'read' | 'nothing', limits = defaultLimits) {
  const errors: object[] = []
  const metrics = gatewayMetrics(new Registry())
  const log = { info() {}, warn() {}, error: (fields: object) => void errors.push(fields) }
  const clock = new ManualClock(0)
  const services = testServices({ api: {} as never, admin: {} as never })
  const parts = { clock, log, limits, newProducers: new NewProducers(limits) }
  return {
    context: new RequestContext({ ...testSender(services, '10.0.0.9'), access }, metrics.transports.http, parts),
    errors,
    metrics,
  }
}

describe('the rights of a sender', () => {
  test.each(['read', 'nothing'] as const)('with access to %s it neither writes nor takes producer ids', (access) => {
    const { context } = contextOf(access)
    expect(() => context.checkWrite()).toThrow(expect.objectContaining({ code: 'ORIGIN_REFUSED' }))
    expect(() => context.takeProducer()).toThrow(expect.objectContaining({ code: 'ORIGIN_REFUSED' }))
  })

  test('a client takes as many producer ids as it may', () => {
    const { context } = contextOf('write', { ...defaultLimits, producersAtOnce: 2 })
    context.takeProducer()
    context.takeProducer()
    expect(() => context.takeProducer()).toThrow(expect.objectContaining({ code: 'TOO_MANY_PRODUCERS' }))
  })
})

describe('the bounds of a request', () => {
  test.each([
    [0, defaultLimits.requestTimeoutMs],
    [1, 1],
    [10 ** 9, 300_000],
  ])('a publish that asks for %i ms gets %i', (ms, given) => {
    expect(contextOf('write').context.publishMs(ms)).toBe(given)
  })

  test.each([
    [
      { maxBytes: 0, waitMs: -5 },
      { maxBytes: readLimits.defaultBytes, waitMs: 0 },
    ],
    [
      { maxBytes: 9, waitMs: 3 },
      { maxBytes: 9, waitMs: 3 },
    ],
    [
      { maxBytes: 2 ** 40, waitMs: 2 ** 40 },
      { maxBytes: readLimits.maxBytes, waitMs: readLimits.maxWaitMs },
    ],
  ])('a read that asks for %j gets %j', (wish, given) => {
    const read = contextOf('read').context.read({ ...asked, ...wish }, gone)
    expect(read).toEqual({ ...asked, ...given, topicId: '', signal: gone })
  })

  test('a read has a token only where one was given, and is not of a replica and linearizable at once', () => {
    const { context } = contextOf('read')
    const token = { term: 1, index: 2, seal: 's' }
    expect(context.read({ ...asked, token }, gone)).toMatchObject({ token })
    expect(() => context.read({ ...asked, replica: true, linearizable: true }, gone)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })
})

test('an error of ours is sent as it is; any other is logged and concealed', () => {
  const { context, errors } = contextOf('read')
  const ours = new TailraceError('UNKNOWN_TOPIC')
  expect(context.known(ours, 'read')).toBe(ours)
  expect(errors).toEqual([])
  const strange = new Error('secret')
  const told = context.known(strange, 'read')
  expect(told.code).toBe('INTERNAL')
  expect(told.message).not.toContain('secret')
  expect(errors).toEqual([{ err: strange, client: '10.0.0.9', clientId: '', asked: 'read' }])
})

test('an acknowledged publish is counted with the time since it began', async () => {
  const { context, metrics } = contextOf('write')
  context.published({ bytes: 100, records: 7, batches: 2 }, context.now() - 2_000)
  const text = await metrics.registry.metrics()
  expect(text).toContain('tailrace_publish_duration_seconds_sum{transport="http"} 2')
  expect(text).toContain('tailrace_publish_bytes_total{transport="http"} 100')
  expect(text).toContain('tailrace_publish_records_total{transport="http"} 7')
  expect(text).toContain('tailrace_publish_batches_total{transport="http"} 2')
})
