import { placeParts } from '../../place-parts/browser.ts'
import { Positions, positionsFrom } from '../../positions.ts'
import type { GivenRange, Range } from '../range.ts'
import type { RangeOptions } from '../range-options.ts'
import { type From, isSaved } from '../start.ts'

/** The options are taken as they are now, and read by what is loaded later. */
export class LaterRange implements GivenRange {
  readonly topicId: string
  readonly offsets: Positions
  readonly #options: RangeOptions

  /** @throws TailraceError INVALID_SETTING: a position is none */
  constructor(options: RangeOptions) {
    const from = taken(options.from, 'from')
    const to = taken(options.to, 'to')
    this.offsets = from instanceof Positions ? from : new Positions()
    this.topicId = this.offsets.topicId || (to instanceof Positions ? to.topicId : '')
    const partitions = options.partitions && [...options.partitions]
    this.#options = { ...options, ...(from && { from }), ...(to && { to }), ...(partitions && { partitions }) }
  }

  async whole(signal: AbortSignal): Promise<Range> {
    const { rangeOf } = await placeParts(signal)
    return rangeOf(this.#options)
  }
}

function taken(given: From | undefined, option: string): From | undefined {
  return isSaved(given) ? positionsFrom(given, option) : given
}
