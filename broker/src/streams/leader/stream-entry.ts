import { TailraceError } from '@tailrace/schemas'
import type { StreamResult } from '../../api/streams-api.ts'
import type { StreamRecord } from '../state/stream-record.ts'
import type { StreamChangeRequest } from './changes.ts'

/** Bodies of the changes of one stream that go into one entry; a larger one goes alone. */
const BATCH_BYTES = 512 * 1024
const MOST_IN_A_BATCH = 1000
/** Changes of one stream that wait; beyond it they are refused. */
const MOST_QUEUED = 10_000

export interface QueuedChange {
  readonly change: StreamChangeRequest
  readonly resolve: (result: StreamResult) => void
  readonly reject: (error: unknown) => void
}

/** A stream that its leader has at hand: what it is, as committed, and who waits for it. */
export class StreamEntry {
  readonly path: string
  /** Null: there is none. */
  record: StreamRecord | null = null
  /** When it was read last, as far as this leader knows. */
  readAt = 0
  isAtWork = false
  /** Reads that are under way. */
  users = 0
  readonly #queue: QueuedChange[] = []
  readonly #waiting = new Set<(error?: TailraceError) => void>()

  constructor(path: string) {
    this.path = path
  }

  /** Whether nobody would miss it. */
  get isIdle(): boolean {
    return !this.isAtWork && this.users === 0 && this.#queue.length === 0 && this.#waiting.size === 0
  }

  /** A read that the log does not know, and that counts. */
  get hasUnwrittenRead(): boolean {
    const { record } = this
    return record !== null && record.ttl >= 0 && !record.deleted && this.readAt > record.touchedAt
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** @throws TailraceError OVERLOADED */
  add(change: QueuedChange): void {
    if (this.#queue.length >= MOST_QUEUED) throw new TailraceError('OVERLOADED', 'Too many appends to one stream wait.')
    this.#queue.push(change)
  }

  /** The next changes for one entry; none: there are no more. */
  take(): readonly QueuedChange[] {
    let [bytes, count] = [0, 0]
    for (const { change } of this.#queue) {
      bytes += 'body' in change ? change.body.length : 0
      if (count > 0 && (bytes > BATCH_BYTES || count === MOST_IN_A_BATCH)) break
      count += 1
    }
    return this.#queue.splice(0, count)
  }

  /** Resolves at the next change of the stream, or when `give` is called. */
  change(give: (end: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: TailraceError): void => {
        if (!this.#waiting.delete(end)) return
        if (error === undefined) resolve()
        else reject(error)
      }
      this.#waiting.add(end)
      give(() => end())
    })
  }

  /** All that wait for a change look again; with an error they are refused. */
  wake(error?: TailraceError): void {
    for (const end of [...this.#waiting]) end(error)
  }

  /** What waits to be carried out is not, any more. */
  refuse(error: TailraceError): void {
    for (const { reject } of this.#queue.splice(0)) reject(error)
    this.wake(error)
  }
}
