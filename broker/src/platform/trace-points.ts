import { channel } from 'node:diagnostics_channel'

/** What is told of a batch on a channel of `node:diagnostics_channel`. */
export interface BatchTrace {
  readonly topic: string
  readonly partition: number
  /** Whole batches, back to back in each; they are not to be changed. */
  readonly batches: readonly Uint8Array[]
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly durationMs: number
  /** The error's code; null: there was none. */
  readonly error: string | null
}

interface TraceChannel {
  readonly hasSubscribers: boolean
  publish(trace: BatchTrace): void
  subscribe(onTrace: (trace: BatchTrace) => void): void
  unsubscribe(onTrace: (trace: BatchTrace) => void): void
}

const pointOf = (name: string) => channel(`tailrace:${name}`) as TraceChannel

/**
 * Where a batch is on its path through brokers (docs/operations.md, "Tracing"). A channel that nobody has subscribed to
 * costs a look at `hasSubscribers`. `publish`: this broker was asked, and has answered. `append`: the leader has it in
 * its log, and on its own disk. `commit`: a majority has. `deliver`: a reader of this broker gets it.
 */
export const tracePoints = {
  publish: pointOf('publish'),
  append: pointOf('append'),
  commit: pointOf('commit'),
  deliver: pointOf('deliver'),
}

export type TracePoint = keyof typeof tracePoints
