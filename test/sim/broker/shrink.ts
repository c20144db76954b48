import type { BrokerSeedOptions, BrokerSeedResult } from './run-broker-seed.ts'
import { runBrokerSeed } from './run-broker-seed.ts'

/** Classes of faults and times that a history needs no more of to fail in the same way. */
export interface Shrunk {
  readonly options: Pick<BrokerSeedOptions, 'without' | 'faultMs'>
  readonly result: BrokerSeedResult
}

/** Passages of time that are tried, as parts of the phase with faults. */
const HALVINGS = 6

/**
 * Makes a failing history smaller: leaves out one class of faults after the other where the same property still fails
 * without it, then ends the faults earlier. Each class draws from randomness of its own, so the remaining faults occur
 * as before.
 */
export async function shrink(failed: BrokerSeedResult, options: BrokerSeedOptions): Promise<Shrunk> {
  const { seed, swarm, finding } = failed
  const fails = async (tried: BrokerSeedOptions): Promise<BrokerSeedResult | null> => {
    const result = await runBrokerSeed(seed, { ...options, ...tried })
    return result.finding?.property === finding?.property ? result : null
  }
  let without = [...(options.without ?? [])]
  let best = failed
  for (const name of [...Object.keys(swarm.faults), 'raft-messages', 'cascades', 'upkeep', 'consumer-groups']) {
    const result = await fails({ without: [...without, name] })
    if (result === null) continue
    without = [...without, name]
    best = result
  }
  let { faultMs } = swarm
  for (let step = faultMs / 2, halvings = 0; halvings < HALVINGS; halvings++, step /= 2) {
    const result = await fails({ without, faultMs: Math.round(faultMs - step) })
    if (result === null) continue
    faultMs = Math.round(faultMs - step)
    best = result
  }
  return { options: { without, faultMs }, result: best }
}
