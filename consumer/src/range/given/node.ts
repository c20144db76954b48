import type { GivenRange } from '../range.ts'
import { type RangeOptions, rangeOf } from '../range-options.ts'

/** What options say of a topic's range. @throws TailraceError INVALID_SETTING: in a page some of it comes later */
export const givenRange: (options: RangeOptions) => GivenRange = rangeOf
