import { TailraceError } from '@tailrace/schemas'

/** What is used of a span of OpenTelemetry. */
export interface OpenTelemetrySpan {
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

/** What is used of the package `@opentelemetry/api`: programs give the package itself. `Context`: as it has it. */
export interface OpenTelemetryApi<Context = unknown> {
  readonly trace: {
    getTracer(name: string): {
      startSpan(
        name: string,
        options: { kind: number; attributes: Record<string, string | number>; startTime?: Date },
        // biome-ignore lint/suspicious/noExplicitAny: it must take the package's own type
        context?: any,
      ): OpenTelemetrySpan
    }
    // biome-ignore lint/suspicious/noExplicitAny: as above
    setSpan(context: any, span: any): Context
    // biome-ignore lint/suspicious/noExplicitAny: as above
    setSpanContext(context: any, spanContext: any): Context
  }
  readonly context: {
    active(): Context
    // biome-ignore lint/suspicious/noExplicitAny: as above
    with<Result>(context: any, call: () => Result): Result
  }
  createTraceState?(text: string): unknown
  readonly SpanKind: { readonly PRODUCER: number; readonly CONSUMER: number }
  readonly SpanStatusCode: { readonly ERROR: number }
}

/** @throws TailraceError INVALID_SETTING */
export function checkOpenTelemetry(api: OpenTelemetryApi | undefined): void {
  if (api === undefined) return
  const isApi = typeof api?.trace?.getTracer === 'function' && typeof api.context?.with === 'function'
  if (!isApi) throw new TailraceError('INVALID_SETTING', 'openTelemetry is not the package @opentelemetry/api.')
}
