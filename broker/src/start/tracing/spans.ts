import {
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { type BrokerId, forEachBatch, readRecords } from '@tailrace/schemas'
import { decompressors } from '../../platform/decompressors.ts'
import type { Logger } from '../../platform/logger.ts'
import { type BatchTrace, type TracePoint, tracePoints } from '../../platform/trace-points.ts'

const kinds: Readonly<Record<TracePoint, SpanKind>> = {
  publish: SpanKind.SERVER,
  append: SpanKind.INTERNAL,
  commit: SpanKind.INTERNAL,
  deliver: SpanKind.PRODUCER,
}

/** Traces of other records of the same batches, as links of a span. */
const MOST_LINKS = 31

/**
 * Makes spans of what the channels tell, if the process has registered a provider of OpenTelemetry before; else nothing
 * is subscribed to. Each span is a child of the first trace that a record of the batch names, and has links to others.
 * @returns ends it
 */
export function openSpans(broker: BrokerId, logger: Logger): () => void {
  const tracer = registeredTracer()
  if (tracer === null) return () => {}
  const ends = (Object.keys(tracePoints) as TracePoint[]).map((point) => {
    const onTrace = (message: BatchTrace): void => {
      try {
        tell(tracer, point, message, broker)
      } catch (error) {
        logger.warn({ err: error }, 'a span could not be made')
      }
    }
    tracePoints[point].subscribe(onTrace)
    return () => tracePoints[point].unsubscribe(onTrace)
  })
  return () => {
    for (const end of ends) end()
  }
}

/** Null: no provider is registered, and all spans would be thrown away. */
function registeredTracer(): Tracer | null {
  const provider = trace.getTracerProvider()
  const delegated = 'getDelegateTracer' in provider ? provider.getDelegateTracer : null
  const isMissing = typeof delegated === 'function' && delegated.call(provider, 'tailrace') === undefined
  return isMissing ? null : trace.getTracer('tailrace')
}

function tell(tracer: Tracer, point: TracePoint, message: BatchTrace, broker: BrokerId): void {
  const [parent, ...others] = tracesIn(message.batches)
  if (parent === undefined) return
  const { topic, partition, startedAt, durationMs, error } = message
  const span: Span = tracer.startSpan(
    `${point} ${topic}`,
    {
      kind: kinds[point],
      startTime: startedAt,
      attributes: {
        'messaging.system': 'tailrace',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(partition),
        'tailrace.broker.id': broker,
        ...(error !== null && { 'error.type': error }),
      },
      links: others.map((context): Link => ({ context })),
    },
    trace.setSpanContext(ROOT_CONTEXT, parent),
  )
  if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
  span.end(startedAt + durationMs)
}

/** The traces that headers `traceparent` of records name (W3C Trace Context), each once, in the order of records. */
function tracesIn(batches: readonly Uint8Array[]): SpanContext[] {
  const found = new Map<string, SpanContext>()
  for (const bytes of batches)
    forEachBatch(bytes, (start) =>
      readRecords(bytes, start, decompressors, ({ headers }) => {
        if (found.size > MOST_LINKS) return
        for (const [name, value] of headers)
          if (name === 'traceparent' && value !== null) addTrace(found, Buffer.from(value).toString('latin1'))
      }),
    )
  return [...found.values()]
}

/** Versions above 00 may have more behind the flags. */
const form = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:(?<!^00.{53})-.*)?$/

function addTrace(found: Map<string, SpanContext>, text: string): void {
  const [, traceId, spanId, flags] = form.exec(text) ?? []
  if (traceId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId!)) return
  found.set(text, { traceId, spanId: spanId!, traceFlags: Number.parseInt(flags!, 16) & 1, isRemote: true })
}
