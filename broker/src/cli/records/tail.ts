import type { Clock } from '../../platform/clock.ts'
import { ExitCode } from '../command-failure.ts'
import type { StartPosition } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'
import type { TailedRecord, TailFormat } from './record-text.ts'
import { recordText } from './record-text.ts'

/** The part of a consumer that tailing needs; `Consumer` of @tailrace/consumer is one. */
export interface RecordSource {
  subscribe(
    topic: string,
    options: { from: StartPosition; bytes: true; partitions?: number[] },
  ): AsyncIterable<TailedRecord>
  close(): Promise<void>
}

export interface TailOptions {
  readonly topic: string
  readonly from: StartPosition
  readonly partitions: readonly number[] | null
  /** Null: until interrupted. */
  readonly count: number | null
  readonly format: TailFormat
  /** In the place of `format`. */
  readonly show?: (record: TailedRecord) => string | Uint8Array
  /** Ends with the record before this offset; null or missing: it does not. */
  readonly until?: number | null
}

/** Written together, so that a fast topic does not cost a system call a record. */
const gatherBytes = 32 * 1024

/** Prints records until `count` of them are out or the terminal is interrupted; both are a success. */
export async function tailRecords(
  options: TailOptions,
  source: RecordSource,
  clock: Clock,
  terminal: Terminal,
): Promise<ExitCode> {
  // Closing the source ends the loop below, also while it waits for a record.
  const stop = () => void source.close().catch(() => undefined)
  terminal.interrupted.addEventListener('abort', stop, { once: true })
  const output = new GatheredOutput(clock, terminal)
  const { show = (record) => recordText(record, options.format) } = options
  let printed = 0
  try {
    const partitions = options.partitions === null ? {} : { partitions: [...options.partitions] }
    if (options.count !== 0 && !terminal.interrupted.aborted) {
      for await (const record of source.subscribe(options.topic, { from: options.from, bytes: true, ...partitions })) {
        if (terminal.interrupted.aborted) break
        await output.add(show(record))
        if (++printed === options.count || record.offset + 1 === options.until) break
      }
    }
  } catch (error) {
    if (!terminal.interrupted.aborted) throw error
  } finally {
    terminal.interrupted.removeEventListener('abort', stop)
    await output.flush()
  }
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
