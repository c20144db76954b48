import { TailraceError } from '@tailrace/schemas'
import type { ProducerRecord } from './record.ts'

/** What is used of a span of OpenTelemetry. */
interface Span {
  spanContext(): {
    readonly traceId: string
    readonly spanId: string
    readonly traceFlags: number
    readonly traceState?: { serialize(): string } | undefined
  }
  setStatus(status: { code: number; message?: string }): unknown
  setAttribute(name: string, value: string): unknown
  end(): void
}

/** What is used of the package `@opentelemetry/api`: programs give the package itself. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string): {
      startSpan(name: string, options: { kind: number; attributes: Record<string, string | number> }): Span
    }
  }
  readonly SpanKind: { readonly PRODUCER: number }
  readonly SpanStatusCode: { readonly ERROR: number }
}

/** The span of one call, and the headers that carry its trace (W3C Trace Context). */
export interface PublishSpan {
  /** The record with those headers; a record that names a trace itself stays as it is. */
  mark(record: ProducerRecord): ProducerRecord
  endWith(outcome: Promise<unknown>): void
}

/** Makes a span of each call of `send` and `sendBatch`, a child of the span that is active then. */
export class PublishSpans {
  readonly #api: OpenTelemetryApi

  /** @throws TailraceError INVALID_SETTING */
  constructor(api: OpenTelemetryApi) {
    const isApi = typeof api?.trace?.getTracer === 'function' && api.SpanKind !== undefined
    if (!isApi) throw new TailraceError('INVALID_SETTING', 'openTelemetry is not the package @opentelemetry/api.')
    this.#api = api
  }

  start(topic: string, records: number): PublishSpan {
    const { trace, SpanKind, SpanStatusCode } = this.#api
    const span = trace.getTracer('tailrace').startSpan(`send ${topic}`, {
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.system': 'tailrace',
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic,
        'messaging.batch.message_count': records,
      },
    })
    const headers = headersOf(span)
    return {
      mark: (record) => marked(record, headers),
      endWith: (outcome) =>
        void outcome.then(
          () => span.end(),
          (error: unknown) => {
            const { code, message } = TailraceError.from(error)
            span.setAttribute('error.type', code)
            span.setStatus({ code: SpanStatusCode.ERROR, message })
            span.end()
          },
        ),
    }
  }
}

/** None where no provider is registered: then the ids are zeros. */
function headersOf(span: Span): Readonly<Record<string, string>> {
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
