import { describe, expect, test } from 'vitest'
import { converge } from './run-seed.ts'
import { runUntil, type Scenario, scenario } from './scenario.ts'

const SECOND = 1_000_000

/** Three brokers 25 ms apart, one entry an append, and clients that write more than fits. */
function farApart(window: number, minDelay: number, maxDelay: number, duplication = 0): Scenario {
  return scenario(91, {
    raft: { electionTicks: 100, heartbeatTicks: 10, maxAppendBytes: 1, maxInflightAppends: window },
    network: { minDelay, maxDelay, duplication },
    proposeEvery: 1_000,
  })
}

/** Entries committed a second, from the first on, for ten virtual seconds. */
function throughput({ world }: Scenario): number {
  const committed = () => world.invariants.commitIndex
  runUntil(world, 10 * SECOND, () => committed() > 0)
  const before = committed()
  runUntil(world, 10 * SECOND, () => false)
  return (committed() - before) / 10
}

describe('M91: round trips of 50 ms', () => {
  test('a window of 32 appends commits ten times as much as one of 1, or more', () => {
    const serial = throughput(farApart(1, 25_000, 25_000))
    const pipelined = throughput(farApart(32, 25_000, 25_000))
    // One append a round trip.
    expect(serial).toBeGreaterThan(15)
    expect(serial).toBeLessThan(25)
    expect(pipelined / serial).toBeGreaterThanOrEqual(10)
  })
  test('a network that reorders and repeats messages in flight breaks nothing: all converge, no acknowledged entry is lost', () => {
    const far = farApart(32, 5_000, 45_000, 0.1)
    expect(throughput(far)).toBeGreaterThan(0)
    far.world.calm()
    far.world.checkOutcome(converge(far.world, far.options))
    expect(far.world.acks.length).toBeGreaterThan(50)
  })
})
