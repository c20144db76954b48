import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { Scene } from '../scene.ts'
import type { SimBroker } from '../sim-broker.ts'

/** One kind of fault. A seed has it or not; if it has, the fault occurs again and again at random times. */
export interface FaultClass {
  readonly name: string
  /** Share of the seeds that have it. */
  readonly likelihood: number
  /** A seed draws from these the mean milliseconds between two occurrences. */
  readonly everyMs: readonly number[]
  strike(world: Scene, random: SimRandom): void
}

/** Half the time the broker that leads most: its crash changes the most. */
export function victim(world: Scene, random: SimRandom): SimBroker {
  const up = world.inService.filter((broker) => broker.up)
  if (up.length === 0) return random.pick(world.inService)
  if (random.chance(0.5)) return random.pick(up)
  const led = up.map((broker) => world.ledBy(broker.id))
  return up[led.indexOf(Math.max(...led))]!
}
