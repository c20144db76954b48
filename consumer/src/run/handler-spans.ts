import { endSpan, type OpenTelemetryApi } from '@tailrace/client'
import type { ConsumerRecord } from '../record.ts'

/** An attempt at a record. */
export interface HandledAttempt {
  readonly record: Pick<ConsumerRecord<unknown>, 'topic' | 'partition' | 'offset' | 'headers'>
  /** Undefined: it is read without a group. */
  readonly group: string | undefined
  readonly attempt: number
}

const decoder = new TextDecoder()
const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/**
 * Makes a span of each attempt to handle a record: a child of the span that sent it, where the record names that in its
 * headers (W3C Trace Context), else of the one that is active. It is active while the handler runs.
 */
export class HandlerSpans {
  readonly #api: OpenTelemetryApi

  constructor(api: OpenTelemetryApi) {
    this.#api = api
  }

  run<Result>({ record, group, attempt }: HandledAttempt, call: () => Promise<Result>): Promise<Result> {
    const { trace, context, SpanKind } = this.#api
    const { topic, partition, offset } = record
    const attributes = {
      'messaging.system': 'tailrace',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      ...(group !== undefined && { 'messaging.consumer.group.name': group }),
      'tailrace.offset': offset,
      'tailrace.attempt': attempt,
    }
    const span = trace
      .getTracer('tailrace')
      .startSpan(`process ${topic}`, { kind: SpanKind.CONSUMER, attributes }, this.#parentOf(record))
    const outcome = context.with(trace.setSpan(context.active(), span), call)
    endSpan(span, this.#api, outcome)
    return outcome
  }

  #parentOf({ headers }: HandledAttempt['record']): unknown {
    const { trace, context, createTraceState } = this.#api
    const [, traceId, spanId, flags] = traceparent.exec(textOf(headers.traceparent)) ?? []
    if (traceId === undefined || spanId === undefined) return context.active()
    const state = textOf(headers.tracestate)
    const traceState = state === '' ? undefined : createTraceState?.(state)
    const traceFlags = Number.parseInt(flags!, 16) & 1
    const sender = { traceId, spanId, traceFlags, isRemote: true, ...(traceState !== undefined && { traceState }) }
    return trace.setSpanContext(context.active(), sender)
  }
}

/** Of a header; empty: there is none, or several. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value instanceof Uint8Array ? decoder.decode(value) : ''
}
