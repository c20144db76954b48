import {
  type Attributes,
  type Context,
  context,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'

export interface RecordedSpan {
  readonly name: string
  readonly kind: SpanKind | undefined
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Attributes
  readonly linkedTraceIds: readonly string[]
  readonly startTime: TimeInput | undefined
  endTime: TimeInput | undefined
  status: SpanStatus | undefined
}

/** A provider of OpenTelemetry that keeps the spans that have ended. */
export class SpanRecorder implements TracerProvider {
  readonly #onEnd: (span: RecordedSpan) => void
  #made = 0

  constructor(onEnd: (span: RecordedSpan) => void) {
    this.#onEnd = onEnd
  }

  getTracer(): Tracer {
    return {
      startSpan: (name, options, parent) => this.#start(name, options, parent),
      startActiveSpan: () => {
        throw new Error('Tailrace makes no active spans.')
      },
    }
  }

  #start(name: string, options: SpanOptions = {}, parentContext: Context = context.active()): Span {
    const parent = trace.getSpanContext(parentContext)
    // Of several processes of a test, each with a recorder.
    const id = (process.pid * 65_536 + ++this.#made).toString(16)
    const own: SpanContext = {
      traceId: parent?.traceId ?? id.padStart(32, '0'),
      spanId: id.padStart(16, '0'),
      traceFlags: 1,
    }
    const span: RecordedSpan = {
      name,
      kind: options.kind,
      traceId: own.traceId,
      spanId: own.spanId,
      parentSpanId: parent?.spanId,
      attributes: { ...options.attributes },
      linkedTraceIds: (options.links ?? []).map((link) => link.context.traceId),
      startTime: options.startTime,
      endTime: undefined,
      status: undefined,
    }
    const handle: Span = {
      spanContext: () => own,
      setAttribute: (key, value) => {
        if (value !== undefined) span.attributes[key] = value
        return handle
      },
      setAttributes: () => handle,
      addEvent: () => handle,
      addLink: () => handle,
      addLinks: () => handle,
      setStatus: (status) => {
        span.status = status
        return handle
      },
      updateName: () => handle,
      end: (time) => {
        span.endTime = time
        this.#onEnd(span)
      },
      isRecording: () => true,
      recordException: () => {},
    }
    return handle
  }
}
