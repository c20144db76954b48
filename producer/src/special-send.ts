import type { ClientSurroundings, OpenTelemetryApi } from '@tailrace/client'
import type { ConditionalOptions } from './publish-parts/condition.ts'
import type { PublishParts } from './publish-parts/node.ts'
import type { Begun } from './publish-parts/publish-spans.ts'
import type { ProducerRecord } from './record.ts'
import { ManySend, type PromisedSend } from './sends.ts'

/** A call of `send` or `sendBatch` that needs more than its records. */
export interface SpecialCall {
  readonly topic: string
  readonly records: readonly ProducerRecord[]
  readonly options: ConditionalOptions
  /** Undefined: without a span. */
  readonly openTelemetry: OpenTelemetryApi | undefined
  /** Undefined: it begins now. */
  readonly begun?: Begun
  /** What the caller is told, where that is not what the send tells. */
  readonly outcome?: Promise<unknown>
}

/** For the time in which the code of a send is loaded. */
export interface WaitForParts {
  readonly surroundings: ClientSurroundings
  /** How long the send waits for it. */
  readonly timeoutMs: number
  /** Ends the wait. */
  readonly ended: AbortSignal
  /** Called when the send waits no longer: those behind it may go on. */
  readonly over: () => void
}

/** With a span where there is OpenTelemetry, and under a condition where the options have one. */
export function specialSend(call: SpecialCall, { ConditionalSend, publishSpan }: PublishParts): PromisedSend {
  const { topic, records, options, openTelemetry, begun, outcome } = call
  const span = openTelemetry && publishSpan(openTelemetry, topic, records.length, begun)
  const marked = span === undefined ? records : records.map(span.mark)
  const isConditional = options.expectedOffset !== undefined || options.fence !== undefined
  const send = isConditional ? new ConditionalSend(marked, options) : new ManySend(marked)
  span?.endWith(outcome ?? send.promise)
  return send
}
