import type { Buffer } from 'node:buffer'
import { TailraceError, withLines } from '@tailrace/schemas'
import type { Clock } from '../../../platform/clock.ts'
import { pause } from '../../../platform/timing/pause.ts'
import type { Holding } from '../../limits/held-bytes.ts'
import type { SenderQuotas } from '../../limits/quotas/sender-quotas.ts'
import type { BodyPieces } from './body-pieces.ts'
import type { LineSplitter } from './line-splitter.ts'
import type { LineTarget, WrittenRun } from './line-target.ts'
import { OpenBatch } from './open-batch.ts'
import { type LineForm, recordOfLine } from './record-of-line.ts'
import { WrittenRuns } from './written-runs.ts'

export interface LineUploadParts {
  readonly pieces: BodyPieces
  readonly splitter: LineSplitter
  readonly form: LineForm
  readonly target: LineTarget
  readonly quotas: Pick<SenderQuotas, 'spend' | 'postpone'>
  readonly clock: Clock
  /** Counts what is held of the body; given back by the owner. */
  readonly holding: Holding
  /** Ends it, with a TailraceError as the reason. */
  readonly cut: AbortController
}

export interface LinesWritten {
  /** Lines, empty ones included. */
  readonly acknowledged: number
  readonly records: number
  readonly partitions: readonly WrittenRun[]
}

/**
 * Publishes the lines of a body in batches, one after the other: while one is in flight to the disks the next one is
 * read, and nothing behind that. A batch leaves as soon as the one before is written, however few lines it has.
 */
export class LineUpload {
  readonly #parts: LineUploadParts
  readonly #runs = new WrittenRuns()
  #open: OpenBatch
  #publishing: OpenBatch | null = null
  /** Never rejects. */
  #underWay: Promise<void> | null = null
  #acknowledged = 0
  #records = 0
  /** Number of the line that cannot be taken; 0: there is none. */
  #badLine = 0
  #resume = (): void => {}

  constructor(parts: LineUploadParts) {
    this.#parts = parts
    this.#open = new OpenBatch(parts.target.batchBytes())
    parts.cut.signal.addEventListener('abort', () => this.#resume())
  }

  /** @throws TailraceError (rejects with) as it fails, with `lines` */
  async run(): Promise<LinesWritten> {
    try {
      await this.#readAll()
    } catch (error) {
      const failure = this.#badLine === 0 ? error : await this.#endBefore(error)
      // Nothing begins any more: the answer tells how far it came.
      this.#parts.cut.abort(failure)
      await this.#underWay
      const line = this.#badLine || this.#publishing?.namedLine || this.#acknowledged + 1
      throw withLines(TailraceError.from(failure), { acknowledged: this.#acknowledged, line })
    }
    return { acknowledged: this.#parts.splitter.number, records: this.#records, partitions: this.#runs.list }
  }

  /** What stands before a line that cannot be taken is written. Resolves with the error that comes first. */
  #endBefore(error: unknown): Promise<unknown> {
    return this.#finish().then(
      () => error,
      (earlier) => earlier,
    )
  }

  /** There is room again for what is held. */
  resume(): void {
    this.#resume()
  }

  async #readAll(): Promise<void> {
    const { pieces, splitter, cut, quotas } = this.#parts
    for (let piece = await pieces.next(cut.signal); piece !== null; piece = await pieces.next(cut.signal)) {
      quotas.spend('produceBytesPerSecond', piece.length)
      const before = splitter.number
      await this.#takeAll(splitter.lines(piece))
      await this.#waitForRoom(splitter.number > before)
      await this.#waitForQuota()
    }
    const last = splitter.last()
    if (last !== null) await this.#takeAll([last].values())
    await this.#finish()
    if (this.#records === 0) throw new TailraceError('INVALID_RECORD', 'The body has no record; send a line at least.')
  }

  async #takeAll(lines: Iterator<Buffer>): Promise<void> {
    for (let line = this.#takeWhileRoom(lines); line !== null; line = this.#takeWhileRoom(lines, line)) {
      await this.#nextBatch()
    }
  }

  /** Returns the line for which the batch has no room; null: all are taken. `first`: to be taken before the others. */
  #takeWhileRoom(lines: Iterator<Buffer>, first: Buffer | null = null): Buffer | null {
    const { splitter, form } = this.#parts
    try {
      for (let line = first ?? nextOf(lines); line !== null; line = nextOf(lines)) {
        if (!this.#open.hasRoom(line.length)) return line
        this.#open.add(recordOfLine(line, form, `Line ${splitter.number}`), splitter.number, line.length)
      }
      return null
    } catch (error) {
      this.#badLine = splitter.number
      throw error
    }
  }

  /** Resolves when the open batch is under way. */
  async #nextBatch(): Promise<void> {
    const full = this.#open
    // The client is not at fault for this time.
    this.#parts.holding.finish()
    while (this.#open === full) {
      this.#parts.cut.signal.throwIfAborted()
      if (this.#underWay === null) this.#start()
      else await this.#underWay
    }
  }

  async #waitForRoom(hasEndedLine: boolean): Promise<void> {
    const { holding, cut, splitter } = this.#parts
    if (this.#underWay === null && !this.#open.isEmpty) this.#start()
    // The time for a line begins with the end of the one before.
    if (hasEndedLine) holding.finish()
    while (!holding.hold(this.#heldBytes())) {
      cut.signal.throwIfAborted()
      await (this.#underWay ?? new Promise<void>((resolve) => (this.#resume = resolve)))
    }
    if (splitter.heldBytes === 0) holding.finish()
  }

  async #waitForQuota(): Promise<void> {
    const { quotas, clock, cut, holding } = this.#parts
    for (let ms = quotas.postpone('produceBytesPerSecond'); ms > 0; ms = quotas.postpone('produceBytesPerSecond')) {
      cut.signal.throwIfAborted()
      holding.finish()
      await pause(clock, ms, cut.signal)
    }
  }

  #heldBytes(): number {
    return this.#parts.splitter.heldBytes + this.#open.heldBytes + (this.#publishing?.heldBytes ?? 0)
  }

  #start(): void {
    this.#publishing = this.#open
    this.#open = new OpenBatch(this.#parts.target.batchBytes())
    this.#underWay = this.#publish(this.#publishing)
  }

  async #publish(batch: OpenBatch): Promise<void> {
    const { target, cut } = this.#parts
    try {
      for (const run of await target.publish(batch)) this.#runs.add(run)
    } catch (error) {
      this.#underWay = null
      cut.abort(error)
      return
    }
    this.#acknowledged = batch.lastLine
    this.#records += batch.records.length
    this.#publishing = null
    this.#underWay = null
    if (!this.#open.isEmpty && !cut.signal.aborted) this.#start()
  }

  /** Resolves when all that was taken is written. */
  async #finish(): Promise<void> {
    while (this.#underWay !== null || !this.#open.isEmpty) {
      this.#parts.cut.signal.throwIfAborted()
      if (this.#underWay === null) this.#start()
      await this.#underWay
    }
    this.#parts.cut.signal.throwIfAborted()
  }
}

function nextOf(lines: Iterator<Buffer>): Buffer | null {
  const { done, value } = lines.next()
  return done === true ? null : value
}
