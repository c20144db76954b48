import { AsyncLocalStorage } from 'node:async_hooks'
import diagnostics from 'node:diagnostics_channel'
import * as openTelemetry from '@opentelemetry/api'
import { TestCluster } from '@tailrace/client/testing'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type RecordedSpan, SpanRecorder } from '../../broker/src/start/tracing/testing/span-recorder.ts'

let cluster: TestCluster
let producer: Producer
let consumer: Consumer
let spans: RecordedSpan[]
vi.setConfig({ testTimeout: 60_000 })
const waitFor = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 30_000, interval: 20 })

const stored = new AsyncLocalStorage<openTelemetry.Context>()
const contexts: openTelemetry.ContextManager = {
  active: () => stored.getStore() ?? openTelemetry.ROOT_CONTEXT,
  with: (context, call, self, ...given) => stored.run(context, () => call.apply(self as never, given)),
  bind: (_context, target) => target,
  enable: () => contexts,
  disable: () => contexts,
}

beforeEach(async () => {
  spans = []
  openTelemetry.trace.setGlobalTracerProvider(new SpanRecorder((span) => spans.push(span)))
  openTelemetry.context.setGlobalContextManager(contexts)
  cluster = await TestCluster.start({ t: 1 })
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  consumer = new Consumer({ servers: cluster.servers, openTelemetry })
})
afterEach(async () => {
  await consumer.close()
  await producer.close()
  await cluster.close()
  openTelemetry.trace.disable()
  openTelemetry.context.disable()
})

const join = (options: object = {}) => consumer.group('g', { heartbeats: 'timers', ...options })

it.each([{}, { bytes: true }])(
  'each attempt is a span below the one that sent the record, and active meanwhile: %j',
  async (options) => {
    const traceId = 'a'.repeat(32)
    await producer.send('t', { value: 'first', headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } })
    await producer.send('t', { value: 'second', headers: { traceparent: 'no trace' } })
    const group = join(options)
    let failures = 1
    const active: unknown[] = []
    const run = group.run(
      't',
      async ({ offset }: { offset: number }) => {
        await new Promise((resolve) => setTimeout(resolve))
        const span = openTelemetry.trace.getSpan(openTelemetry.context.active())
        active.push([offset, span?.spanContext().traceId === traceId])
        if (failures-- > 0) throw new Error('of a handler')
      },
      { retry: { firstMs: 5, maxMs: 5 } },
    )
    await waitFor(() => expect(group.counts.handled).toBe(2))
    await group.close()
    await run
    expect(active).toEqual([
      [0, true],
      [0, true],
      [1, false],
    ])
    const found = spans.map(({ name, kind, parentSpanId, attributes, status }) => [
      name,
      kind,
      parentSpanId,
      attributes,
      status?.message,
    ])
    const attributes = (offset: number, attempt: number) => ({
      'messaging.system': 'tailrace',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 't',
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': 'g',
      'tailrace.offset': offset,
      'tailrace.attempt': attempt,
    })
    const kind = openTelemetry.SpanKind.CONSUMER
    const parent = 'b'.repeat(16)
    expect(found).toEqual([
      [
        'process t',
        kind,
        parent,
        { ...attributes(0, 1), 'error.type': 'INTERNAL' },
        expect.stringContaining('of a handler'),
      ],
      ['process t', kind, parent, attributes(0, 2), undefined],
      ['process t', kind, undefined, attributes(1, 1), undefined],
    ])
  },
)

it('each attempt is told to those that have subscribed to its channel', async () => {
  const told: unknown[] = []
  const note = (event: string) => (message: unknown) => {
    const { topic, partition, offset, attempt, group } = message as Record<string, unknown>
    told.push([event, topic, partition, offset, attempt, group])
  }
  const channel = diagnostics.tracingChannel('tailrace:consumer:handle')
  const subscribers = {
    start: note('start'),
    end: () => {},
    asyncStart: () => {},
    asyncEnd: note('end'),
    error: note('error'),
  }
  channel.subscribe(subscribers)
  await producer.send('t', { value: 'a' })
  const group = join()
  let failures = 1
  const handler = () => {
    if (failures-- > 0) throw new Error('of a handler')
  }
  const run = group.run('t', handler, { retry: { firstMs: 5, maxMs: 5 } })
  await waitFor(() => expect(group.counts.handled).toBe(1))
  await group.close()
  await run
  channel.unsubscribe(subscribers)
  const attempt = (event: string, number: number) => [event, 't', 0, 0, number, 'g']
  expect(told).toEqual([
    attempt('start', 1),
    attempt('error', 1),
    attempt('end', 1),
    attempt('start', 2),
    attempt('end', 2),
  ])
})

it('refuses what is not the package', () => {
  const wrong = { servers: cluster.servers, openTelemetry: { trace: {} } } as never
  expect(() => new Consumer(wrong)).toThrow('openTelemetry')
})
