import { test } from 'vitest'
import { checkBrokerSeeds } from './check-broker-seeds.ts'

/** The first of them are those of brokers.test.ts. */
const SEEDS = 60

test(`${SEEDS} seeds of whole brokers keep every property, and come to rest when the faults end`, async () => {
  const seeds = Array.from({ length: SEEDS }, (_, at) => ({ seed: at + 1, without: [] }))
  await checkBrokerSeeds(seeds, (SEEDS * 2) / 3)
}, 240_000)
