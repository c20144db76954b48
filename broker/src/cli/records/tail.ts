import type { Clock } from '../../platform/clock.ts'
import { ExitCode } from '../command-failure.ts'
import type { StartPosition } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'
import type { TailedRecord } from './record-text.ts'

/** What part of each topic is read, as @tailrace/consumer takes it. */
export interface TailRange {
  readonly from?: StartPosition
  /** In the place of `from`: so many of the last records of each partition. */
  readonly last?: number
  /** Ends behind what there is when it begins. */
  readonly until?: 'end'
  /** Ends before this place of each partition. */
  readonly to?: number | Date
  readonly partitions?: number[]
}

/** The part of a consumer that tailing needs; `Consumer` of @tailrace/consumer is one. */
export interface RecordSource {
  subscribe(topic: string, options: TailRange & { bytes: true }): AsyncIterable<TailedRecord>
  close(): Promise<void>
}

export interface TailOptions {
  readonly topics: readonly string[]
  readonly range: TailRange
  /** Null: until interrupted. */
  readonly count: number | null
  /** Records that are left out are not counted. */
  readonly filter?: (record: TailedRecord) => boolean
  readonly show: (record: TailedRecord, topic: string) => string | Uint8Array
}

/** Written together, so that a fast topic does not cost a system call a record. */
const gatherBytes = 32 * 1024

/**
 * Prints records of all topics, as they come, until `count` of them are out, the range has ended or the terminal is
 * interrupted: each is a success.
 */
export async function tailRecords(
  { topics, range, count, filter, show }: TailOptions,
  source: RecordSource,
  clock: Clock,
  terminal: Terminal,
): Promise<ExitCode> {
  if (count === 0 || terminal.interrupted.aborted) return ExitCode.Done
  // Closing the source ends the loops below, also while they wait for a record.
  const stop = () => void source.close().catch(() => undefined)
  terminal.interrupted.addEventListener('abort', stop, { once: true })
  const output = new GatheredOutput(clock, terminal)
  let printed = 0
  const isOver = () => terminal.interrupted.aborted || printed === count
  const follow = async (topic: string) => {
    for await (const record of source.subscribe(topic, { ...range, bytes: true })) {
      if (isOver()) break
      if (filter?.(record) === false) continue
      printed++
      await output.add(show(record, topic))
      if (isOver()) break
    }
    if (isOver()) stop()
  }
  const loops = topics.map((topic) =>
    follow(topic).catch((error) => {
      stop()
      throw error
    }),
  )
  const failed = (await Promise.allSettled(loops)).find(({ status }) => status === 'rejected')
  terminal.interrupted.removeEventListener('abort', stop)
  await output.flush()
  if (failed !== undefined && !terminal.interrupted.aborted) throw (failed as PromiseRejectedResult).reason
  return ExitCode.Done
}

/** Writes when enough has gathered, or when the records at hand have been handled. */
class GatheredOutput {
  readonly #clock: Clock
  readonly #terminal: Terminal
  #text = ''
  #flushComing = false

  constructor(clock: Clock, terminal: Terminal) {
    this.#clock = clock
    this.#terminal = terminal
  }

  async add(content: string | Uint8Array): Promise<void> {
    if (typeof content !== 'string') {
      await this.flush()
      return this.#terminal.write(content)
    }
    this.#text += content
    if (this.#text.length >= gatherBytes) return this.flush()
    if (this.#flushComing) return
    this.#flushComing = true
    this.#clock.soon(() => {
      this.#flushComing = false
      void this.flush()
    })
  }

  async flush(): Promise<void> {
    if (this.#text === '') return
    const text = this.#text
    this.#text = ''
    await this.#terminal.write(text)
  }
}
