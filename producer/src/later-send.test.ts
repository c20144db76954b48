import { machine, type OpenTelemetryApi, withResolvers } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LaterSend } from './later-send.ts'
import type { ConditionalOptions } from './publish-parts/condition.ts'
import type { PublishParts } from './publish-parts/node.ts'
import * as parts from './publish-parts/parts.ts'
import type { ProducerRecord, Sent } from './record.ts'
import type { Intake } from './sends.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }))
afterEach(() => void vi.useRealTimers())

const sentAt = (offset: number): Sent => ({ partition: 0, offset, token: null, holders: [], topicId: '' })

/** A send whose code comes when the test says so, and what it has given to batches. */
function later(options: ConditionalOptions = {}, openTelemetry?: OpenTelemetryApi) {
  const code = withResolvers<PublishParts>()
  const over = vi.fn()
  const wait = { surroundings: machine, timeoutMs: 500, ended: new AbortController().signal, over }
  const records: ProducerRecord[] = [{ value: 'a' }, { value: 'b' }]
  const send = new LaterSend({ topic: 't', records, options, openTelemetry }, () => code.promise, wait)
  const given: (string | string[])[] = []
  const intake: Intake = {
    hasRoom: true,
    accept({ value }, settler, position) {
      given.push(String(value))
      settler.settle(position, sentAt(position))
    },
    acceptTogether({ records: together }, settler) {
      given.push(together.map(({ value }) => String(value)))
      for (const position of together.keys()) settler.settle(position, sentAt(position))
    },
  }
  return { code, over, records, send, given, feed: () => send.feed(intake) }
}

it('gives its records when its code has come, as they were when it was made', async () => {
  const { code, over, records, send, given, feed } = later()
  records.length = 0
  expect([feed(), send.remaining, given]).toEqual([false, 2, []])
  code.resolve(parts)
  await vi.waitFor(() => expect(over).toHaveBeenCalledOnce())
  expect([feed(), send.remaining, given]).toEqual([true, 0, ['a', 'b']])
  expect(await send.promise).toEqual([sentAt(0), sentAt(1)])
  expect(vi.getTimerCount()).toBe(0)
})

it('gives them together under a condition', async () => {
  const { code, over, send, given, feed } = later({ partition: 0, expectedOffset: 0 })
  code.resolve(parts)
  await vi.waitFor(() => expect(over).toHaveBeenCalledOnce())
  expect([feed(), given]).toEqual([true, [['a', 'b']]])
  expect(await send.promise).toEqual([sentAt(0), sentAt(1)])
})

it.each([
  ['its code cannot be loaded', new TailraceError('CODE_NOT_LOADED'), 'CODE_NOT_LOADED'],
  ['its code does not come for too long', undefined, 'TIMED_OUT'],
])('holds up nothing behind it when %s', async (_, failure, expected) => {
  const { code, over, send, given, feed } = later()
  const outcome = send.promise.catch((error) => error.code)
  if (failure !== undefined) code.reject(failure)
  await vi.advanceTimersByTimeAsync(500)
  expect(await outcome).toBe(expected)
  expect([feed(), given]).toEqual([true, []])
  expect(over).toHaveBeenCalled()
  code.resolve(parts)
  await vi.advanceTimersByTimeAsync(0)
  expect([feed(), given]).toEqual([true, []])
})

it('has a span of the time and the context of the call, also when it is given up before its code comes', async () => {
  const spans: unknown[] = []
  const span = {
    spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
    setStatus: () => {},
    setAttribute: (_name: string, value: string) => void spans.push(value),
    end: () => void spans.push('end'),
  }
  const context = { active: () => 'of the call', with: (_: unknown, call: () => unknown) => call() }
  const startSpan = (name: string, options: { startTime?: Date }, parent: unknown) => {
    spans.push([name, options.startTime?.getTime(), parent])
    return span
  }
  const trace = { getTracer: () => ({ startSpan }) }
  const kinds = { SpanKind: { PRODUCER: 3, CONSUMER: 4 }, SpanStatusCode: { ERROR: 2 } }
  const { code, over, send, given, feed } = later({}, { trace, context, ...kinds } as unknown as OpenTelemetryApi)
  context.active = () => 'another'
  await vi.advanceTimersByTimeAsync(100)
  send.stop(new TailraceError('ABORTED'))
  await expect(send.promise).rejects.toMatchObject({ code: 'ABORTED' })
  expect(over).toHaveBeenCalledOnce()
  code.resolve(parts)
  await vi.advanceTimersByTimeAsync(0)
  expect(spans).toEqual([['send t', 1_000, 'of the call'], 'ABORTED', 'end'])
  expect([feed(), given]).toEqual([true, []])
})
