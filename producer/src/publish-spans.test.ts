import { TestCluster } from '@tailrace/client/testing'
import { decodeBatch } from '@tailrace/schemas'
import { afterEach, expect, it } from 'vitest'
import { type OpenTelemetryApi, Producer, type ProducerRecord } from './index.ts'

interface MadeSpan {
  readonly name: string
  readonly attributes: Record<string, string | number>
  error: string | null
  isOver: boolean
}

let cluster: TestCluster
let producer: Producer
afterEach(async () => {
  await producer.close({ timeoutMs: 0 })
  await cluster.close()
})

/** What a producer uses of the API; `traceId` and `state` are those of all spans. */
function apiOf(spans: MadeSpan[], traceId = 'a'.repeat(32), state?: string): OpenTelemetryApi {
  const startSpan = (name: string, { attributes }: { attributes: Record<string, string | number> }) => {
    const span: MadeSpan = { name, attributes: { ...attributes }, error: null, isOver: false }
    spans.push(span)
    const traceState = state === undefined ? undefined : { serialize: () => state }
    return {
      spanContext: () => ({ traceId, spanId: `${spans.length}`.padStart(16, '0'), traceFlags: 1, traceState }),
      setStatus: ({ message = '' }: { message?: string }) => {
        span.error = message
      },
      setAttribute: (key: string, value: string) => {
        span.attributes[key] = value
      },
      end: () => {
        span.isOver = true
      },
    }
  }
  const context = { active: () => undefined, with: (_context: unknown, call: () => unknown) => call() }
  const trace = { getTracer: () => ({ startSpan }), setSpan: () => undefined, setSpanContext: () => undefined }
  return { trace, context, SpanKind: { PRODUCER: 3, CONSUMER: 4 }, SpanStatusCode: { ERROR: 2 } } as OpenTelemetryApi
}

async function start(openTelemetry: OpenTelemetryApi): Promise<void> {
  cluster = await TestCluster.start({ t: 1 }, 1)
  producer = new Producer({ servers: cluster.servers, lingerMs: 0, openTelemetry })
}

/** The headers of all records of the topic, as text. */
const headers = () =>
  cluster
    .log('t', 0)
    .batches.flatMap((batch) =>
      decodeBatch(batch.bytes, 0, {}).map(({ headers: found }) =>
        Object.fromEntries(found.map(([name, value]) => [name, value === null ? null : Buffer.from(value).toString()])),
      ),
    )

it('each call is a span, and its records carry the trace', async () => {
  const spans: MadeSpan[] = []
  await start(apiOf(spans, undefined, 'vendor=1'))
  await producer.send('t', { value: 'a', headers: { own: '1' } })
  await producer.sendBatch('t', [{ value: 'b' }, { value: 'c' }])
  const parent = (span: number) => `00-${'a'.repeat(32)}-${`${span}`.padStart(16, '0')}-01`
  expect(headers()).toEqual([
    { own: '1', traceparent: parent(1), tracestate: 'vendor=1' },
    { traceparent: parent(2), tracestate: 'vendor=1' },
    { traceparent: parent(2), tracestate: 'vendor=1' },
  ])
  expect(spans.map(({ name, attributes, isOver, error }) => [name, attributes, isOver, error])).toEqual(
    [1, 2].map((count) => [
      'send t',
      {
        'messaging.system': 'tailrace',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 't',
        'messaging.batch.message_count': count,
      },
      true,
      null,
    ]),
  )
})

it('a record that names a trace keeps it, and there is none where no provider is registered', async () => {
  const spans: MadeSpan[] = []
  await start(apiOf(spans))
  await producer.send('t', { value: 'a', headers: { traceparent: 'of the program' } })
  await producer.close()
  expect(headers()).toEqual([{ traceparent: 'of the program' }])
  await cluster.close()
  await start(apiOf(spans, '0'.repeat(32)))
  await producer.send('t', { value: 'a' })
  expect(headers()).toEqual([{}])
})

it('a span of a publish that fails says why', async () => {
  const spans: MadeSpan[] = []
  await start(apiOf(spans))
  await expect(producer.send('t', { value: 'a', headers: null } as unknown as ProducerRecord)).rejects.toMatchObject({
    code: 'INVALID_RECORD',
  })
  await expect(producer.send('no topic', { value: 'a' })).rejects.toMatchObject({ code: 'INVALID_TOPIC_NAME' })
  expect(spans.map(({ attributes, isOver }) => [attributes['error.type'], isOver])).toEqual([
    ['INVALID_RECORD', true],
    ['INVALID_TOPIC_NAME', true],
  ])
  for (const { error } of spans) expect(error).not.toBe(null)
})

it('refuses what is not the API', async () => {
  await start(apiOf([]))
  for (const openTelemetry of [null, {}, { trace: {} }])
    expect(() => new Producer({ servers: cluster.servers, openTelemetry } as never)).toThrow('openTelemetry')
})
