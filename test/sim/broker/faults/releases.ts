import { METADATA_GROUP } from '@tailrace/schemas'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { Scene } from '../scene.ts'
import { raiseLevel } from '../workload/operator.ts'
import type { FaultClass } from './fault.ts'

function useIt(world: Scene, random: SimRandom): void {
  const request = { broker: random.pick(world.ids), factor: random.pick([1, 2, 3]) }
  void world.operator.ask('newer command', (admin) => admin.setPriority({ kind: 'metadata' }, request))
}

/**
 * An upgrade that is stopped, taken back and begun again: brokers run two releases, and operators raise the level as
 * soon as they can.
 */
const newerVersion: FaultClass = {
  name: 'newer-version',
  likelihood: 0.25,
  everyMs: [200, 600],
  strike(world, random) {
    world.checkReleases()
    const old = world.inService.filter(({ release }) => release === 1)
    const downMs = random.pick([1, 50, 500])
    if (random.chance(0.1)) world.install(random.pick(world.inService), 1, downMs)
    else if (old.length > 0 && random.chance(0.7)) world.install(random.pick(old), 2, downMs)
    else if (random.chance(0.5)) void raiseLevel(world.operator)
    else if (world.watch.groups.has(METADATA_GROUP)) useIt(world, random)
  },
}

export const releases: readonly FaultClass[] = [newerVersion]
