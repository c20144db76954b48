import { TailraceError } from '@tailrace/schemas'
import type { Logger } from '../../platform/logger.ts'
import type { CopiedPartition } from '../copies/copied-partition.ts'
import type { SourceLink } from './source-link.ts'

/** Partitions of one round, so that a source is not busy with them. */
const mostInARound = 500
const mostAtOnce = 16
const answerMs = 5_000

export interface SourceEndsDeps {
  /** The connection for requests whose answer may take long. Rejects with TailraceError. */
  readonly askingLink: () => Promise<Pick<SourceLink, 'request'>>
  readonly logger: Logger
}

/**
 * Asks the source where its partitions end, for copies that it sends no records: without that they would not know how
 * far they are behind.
 */
export class SourceEnds {
  readonly #deps: SourceEndsDeps
  /** Those that have been asked about since all of them have been. */
  readonly #asked = new Set<CopiedPartition>()
  #inRound = false
  /** Why some could not be told, as it was logged. */
  #problem = ''

  constructor(deps: SourceEndsDeps) {
    this.#deps = deps
  }

  /** Some of the copies, with the next call others. Resolves when they have been told; does not reject. */
  async ask(copies: readonly CopiedPartition[]): Promise<void> {
    if (this.#inRound) return
    this.#inRound = true
    const round = this.#next(copies)
    let problem = ''
    const turn = async (): Promise<void> => {
      for (let copy = round.pop(); copy !== undefined; copy = round.pop()) {
        try {
          await this.#askAbout(copy)
        } catch (error) {
          problem = TailraceError.from(error).message
        }
      }
    }
    await Promise.all(Array.from({ length: mostAtOnce }, turn))
    this.#inRound = false
    const isNew = problem !== '' && problem !== this.#problem
    if (isNew) this.#deps.logger.warn({ error: problem }, 'the source does not tell where all of its partitions end')
    this.#problem = problem
  }

  #next(copies: readonly CopiedPartition[]): CopiedPartition[] {
    if (copies.every((copy) => this.#asked.has(copy))) this.#asked.clear()
    const round = copies.filter((copy) => !this.#asked.has(copy)).slice(0, mostInARound)
    for (const copy of round) this.#asked.add(copy)
    return round
  }

  async #askAbout(copy: CopiedPartition): Promise<void> {
    const { topic, topicId, partition } = copy
    const position = { kind: 'LATEST', value: 0 } as const
    const link = await this.#deps.askingLink()
    const { fields } = await link.request('FindOffset', { topic, partition, position, topicId }, answerMs)
    copy.heard(fields.highWatermark)
  }
}
