import { test } from 'vitest'
import { checkSeeds } from './check-seeds.ts'

/** Behind those of core.test.ts. */
const [FROM, TO] = [501, 2000]

test(`seeds ${FROM} to ${TO} keep every property, and come to rest when the faults end`, () => {
  checkSeeds(FROM, TO)
}, 60_000)
