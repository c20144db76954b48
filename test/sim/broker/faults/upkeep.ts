import type { FaultClass } from './fault.ts'

const drain: FaultClass = {
  name: 'drain',
  likelihood: 0.6,
  everyMs: [300, 1_500],
  strike(world, random) {
    if (!world.formed) return
    const broker = random.pick(world.ids)
    const draining = random.chance(0.6)
    void world.operator.ask(`broker ${broker} ${draining ? 'is drained' : 'may stay'}`, (admin) =>
      admin.setDraining(broker, draining),
    )
  },
}

const balance: FaultClass = {
  name: 'balance',
  likelihood: 0.4,
  everyMs: [1_000, 4_000],
  strike(world, random) {
    if (!world.formed) return
    void world.operator.ask('an even spread', (admin) => admin.setBalancing(random.chance(0.8)))
  },
}

/** Seeds with upkeep have more brokers soon. */
const newcomer: FaultClass = {
  name: 'newcomer',
  likelihood: 1,
  everyMs: [1_000, 3_000],
  strike(world) {
    if (world.formed) world.join()
  },
}

/** What operators want of the spread of replicas, in seeds whose brokers look after it themselves. */
export const upkeepFaults: readonly FaultClass[] = [drain, balance, newcomer]
