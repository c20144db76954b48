import type { BrokerId } from '@tailrace/schemas'
import type { Logger } from '../../platform/logger.ts'

/** Where every copy of @opentelemetry/api 1.x in a process finds the providers that are registered. */
const registered = Symbol.for('opentelemetry.js.api.1')

/**
 * Makes spans if the process has registered a provider of OpenTelemetry before. Else the modules of its API, fifty of
 * the twelve hundred of a start, are not loaded. Resolves with what ends it.
 */
export async function openTracing(broker: BrokerId, logger: Logger): Promise<() => void> {
  const { trace } = ((globalThis as Record<symbol, unknown>)[registered] ?? {}) as { trace?: unknown }
  if (trace === undefined) return () => {}
  const { openSpans } = await import('./spans.ts')
  return openSpans(broker, logger)
}
