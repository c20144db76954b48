import { gzipSync } from 'node:zlib'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { BatchWriter, Compression, NO_PRODUCER } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tracePoints } from '../../platform/trace-points.ts'
import { openTracing } from './open-tracing.ts'
import { type RecordedSpan, SpanRecorder } from './testing/span-recorder.ts'

const traceId = (digit: string) => digit.repeat(32)
const parentOf = (digit: string, flags = '01') => `00-${traceId(digit)}-${digit.repeat(16)}-${flags}`
const warnings: object[] = []
const logger = { warn: (fields: object) => warnings.push(fields) } as never
let spans: RecordedSpan[]
let end = () => {}

beforeEach(() => {
  spans = []
  warnings.length = 0
})
afterEach(() => {
  end()
  end = () => {}
  trace.disable()
})

async function open(): Promise<void> {
  trace.setGlobalTracerProvider(new SpanRecorder((span) => spans.push(span)))
  end = await openTracing(3, logger)
}

/** A batch with a record for each text, which is its header `traceparent`. */
function batchOf(parents: readonly (string | null)[], compression: 'none' | 'gzip' = 'none'): Uint8Array {
  const writer = new BatchWriter()
  for (const parent of parents)
    writer.append({ timestamp: 1, key: null, value: 'v', headers: parent === null ? [] : [['traceparent', parent]] })
  return writer.finish({
    producerId: NO_PRODUCER,
    producerEpoch: -1,
    baseSequence: -1,
    compression: Compression[compression],
    ...(compression === 'gzip' && { compress: (bytes: Uint8Array) => gzipSync(bytes) }),
  })
}

function tell(batches: readonly Uint8Array[], error: string | null = null): void {
  tracePoints.commit.publish({ topic: 'flights', partition: 4, batches, startedAt: 1000, durationMs: 2.5, error })
}

it('subscribes to nothing where no provider is registered', async () => {
  end = await openTracing(3, logger)
  for (const point of Object.values(tracePoints)) expect(point.hasSubscribers).toBe(false)
})

it('makes a span under the trace that a record names, with its time and its place', async () => {
  await open()
  tell([batchOf([parentOf('a')])])
  expect(spans).toEqual([
    {
      name: 'commit flights',
      kind: SpanKind.INTERNAL,
      traceId: traceId('a'),
      spanId: expect.any(String),
      parentSpanId: 'a'.repeat(16),
      attributes: {
        'messaging.system': 'tailrace',
        'messaging.destination.name': 'flights',
        'messaging.destination.partition.id': '4',
        'tailrace.broker.id': 3,
      },
      linkedTraceIds: [],
      startTime: 1000,
      endTime: 1002.5,
      status: undefined,
    },
  ])
})

it('links other traces of the batches, each once and at most 31, and finds them in compressed batches', async () => {
  await open()
  tell([batchOf([null, parentOf('a'), parentOf('b'), parentOf('a')]), batchOf([parentOf('c')], 'gzip')])
  expect(spans.map(({ traceId, linkedTraceIds }) => [traceId, linkedTraceIds])).toEqual([
    [traceId('a'), [traceId('b'), traceId('c')]],
  ])
  const many = Array.from(
    { length: 100 },
    (_, at) => `00-${(at + 1).toString(16).padStart(32, '0')}-${'1'.repeat(16)}-01`,
  )
  tell([batchOf(many)])
  expect(spans[1]!.linkedTraceIds).toHaveLength(31)
})

it('takes what a later version has behind the flags for no part of the trace', async () => {
  await open()
  tell([batchOf([`01${parentOf('a').slice(2)}-more`])])
  expect(spans.map(({ traceId }) => traceId)).toEqual([traceId('a')])
})

it('tells an error', async () => {
  await open()
  tell([batchOf([parentOf('a')])], 'NOT_LEADER')
  expect(spans[0]!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'NOT_LEADER' })
  expect(spans[0]!.attributes['error.type']).toBe('NOT_LEADER')
})

it.each(['text', parentOf('a').toUpperCase(), parentOf('0'), `ff${parentOf('a').slice(2)}`, `${parentOf('a')}-more`])(
  'makes none for the header %s',
  (header) => {
    open()
    tell([batchOf([header])])
    expect(spans).toEqual([])
  },
)

it('makes none without a header, goes on after a batch that cannot be read, and ends', async () => {
  await open()
  tell([batchOf([null])])
  const damaged = batchOf([parentOf('a')])
  damaged.fill(255, 61)
  tell([damaged])
  expect([spans, warnings.length]).toEqual([[], 1])
  tell([batchOf([parentOf('a')])])
  expect(spans).toHaveLength(1)
  end()
  expect(tracePoints.commit.hasSubscribers).toBe(false)
})
