import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { Scene } from '../scene.ts'
import { type FaultClass, victim } from './fault.ts'

function downMs(random: SimRandom): number {
  return random.pick([1, 50, 500, 3_000]) * (0.5 + random.below(100) / 100)
}

/** The process is killed: memory is gone, bytes that the kernel was given stay. */
const processCrash: FaultClass = {
  name: 'process-crash',
  likelihood: 0.5,
  everyMs: [300, 1_000, 3_000],
  strike: (world, random) => world.crash(victim(world, random), false, downMs(random)),
}

/** One machine loses its power: any unsynced bytes may be gone. */
const powerLoss: FaultClass = {
  name: 'power-loss',
  likelihood: 0.6,
  everyMs: [300, 1_000, 3_000],
  strike: (world, random) => world.crash(victim(world, random), true, downMs(random)),
}

/** All machines lose their power. */
const blackout: FaultClass = {
  name: 'blackout',
  likelihood: 0.3,
  everyMs: [2_000, 5_000],
  strike(world, random) {
    for (const broker of world.inService) world.crash(broker, true, downMs(random))
  },
}

/** An operator stops a broker and starts it again. */
const restart: FaultClass = {
  name: 'restart',
  likelihood: 0.3,
  everyMs: [1_000, 4_000],
  strike: (world: Scene, random) => world.stop(victim(world, random), downMs(random)),
}

export const crashes: readonly FaultClass[] = [processCrash, powerLoss, blackout, restart]
