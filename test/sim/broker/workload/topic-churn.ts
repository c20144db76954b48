import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { World } from '../world.ts'
import { Producer } from './producer.ts'

const CALL_MS = 15_000
const PAUSE_MS = 100

/** Creates topics, publishes a little to them, and deletes them again, in spite of faults in the meantime. */
export async function churnTopics(world: World, random: SimRandom, everyMs: number): Promise<void> {
  for (let number = 0; world.open; number++) {
    await world.pause(random.between(1, 2 * everyMs))
    const name = `brief-${number}`
    if (!(await insist(world, random, name, true))) return
    for (const ledger of world.ledgersOf(name)) {
      if (random.chance(0.7)) void new Producer(world, random, 1_000 + number, ledger).publish()
    }
    await world.pause(random.between(1, 1_000))
    if (!(await insist(world, random, name, false))) return
  }
}

/** Asks until the topic is there, or gone. False if the world ended first. */
export async function insist(
  world: World,
  random: SimRandom,
  name: string,
  wanted: boolean,
  shape: { readonly partitions: number; readonly replicas: number } = { partitions: random.between(1, 2), replicas: 3 },
): Promise<boolean> {
  while (world.open) {
    if ((world.watch.topic(name) !== undefined) === wanted) return true
    try {
      const broker = world.anyBroker(random)
      if (wanted) await world.call(broker, ({ node }) => node.api.createTopic({ name, ...shape }), CALL_MS)
      else await world.call(broker, ({ node }) => node.api.deleteTopic(name), CALL_MS)
    } catch {
      await world.pause(PAUSE_MS)
    }
  }
  return false
}
