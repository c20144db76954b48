import { TailraceError } from '@tailrace/schemas'
import type { OpenTelemetryApi, OpenTelemetrySpan } from './open-telemetry.ts'

/** Ends the span with the outcome. */
export function endSpan(
  span: OpenTelemetrySpan,
  { SpanStatusCode }: OpenTelemetryApi,
  outcome: Promise<unknown>,
): void {
  outcome.then(
    () => span.end(),
    (error: unknown) => {
      const { code, message } = TailraceError.from(error)
      span.setAttribute('error.type', code)
      span.setStatus({ code: SpanStatusCode.ERROR, message })
      span.end()
    },
  )
}
