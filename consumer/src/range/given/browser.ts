import { EndlessRange, type GivenRange } from '../range.ts'
import type { RangeOptions } from '../range-options.ts'
import { isSaved, startAtEnd, startAtSaved } from '../start.ts'
import { LaterRange } from './later-range.ts'

/**
 * Most pages read from an end or from a position on. What reads other options is loaded with the first record that is
 * asked for, and says then what is wrong with them.
 */
export const givenRange: (options: RangeOptions) => GivenRange = (options) => {
  const { from = 'latest', otherwise = 'earliest', partitions } = options
  const hasBounds = (options.last ?? options.to ?? options.until) !== undefined
  if (!hasBounds && (otherwise === 'earliest' || otherwise === 'latest')) {
    if (isSaved(from)) return new EndlessRange(startAtSaved(from, partitions, otherwise, 'from'))
    if (from === 'earliest' || from === 'latest') return new EndlessRange(startAtEnd(from, partitions))
  }
  return new LaterRange(options)
}
