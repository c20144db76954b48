import { endSpan, type OpenTelemetryApi, type OpenTelemetrySpan } from '@tailrace/client'
import type { ProducerRecord } from '../record.ts'

/** The span of one call, and the headers that carry its trace (W3C Trace Context). */
export interface PublishSpan {
  /** The record with those headers; a record that names a trace itself stays as it is. */
  mark(record: ProducerRecord): ProducerRecord
  endWith(outcome: Promise<unknown>): void
}

/** Where and when a call was made whose span is made later. */
export interface Begun {
  readonly context: unknown
  readonly startTime: Date
}

/** The span of a call of `send` or `sendBatch`, a child of the span that is active, or was active when it has begun. */
export function publishSpan(api: OpenTelemetryApi, topic: string, records: number, begun?: Begun): PublishSpan {
  const { trace, SpanKind } = api
  const options = {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.system': 'tailrace',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      'messaging.batch.message_count': records,
    },
    ...(begun && { startTime: begun.startTime }),
  }
  const span = trace.getTracer('tailrace').startSpan(`send ${topic}`, options, begun?.context)
  const headers = headersOf(span)
  return {
    mark: (record) => marked(record, headers),
    endWith: (outcome) => endSpan(span, api, outcome),
  }
}

/** None where no provider is registered: then the ids are zeros. */
function headersOf(span: OpenTelemetrySpan): Readonly<Record<string, string>> {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return {}
  const traceparent = `00-${traceId}-${spanId}-${(traceFlags & 1).toString().padStart(2, '0')}`
  const tracestate = traceState?.serialize() ?? ''
  return tracestate === '' ? { traceparent } : { traceparent, tracestate }
}

function marked(record: ProducerRecord, headers: Readonly<Record<string, string>>): ProducerRecord {
  const own = record.headers
  // Headers of a wrong type are refused where the record is taken in.
  if ((own !== undefined && typeof own !== 'object') || own === null || own?.traceparent !== undefined) return record
  return { ...record, headers: { ...own, ...headers } }
}
