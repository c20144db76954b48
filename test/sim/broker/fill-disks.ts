import { BatchWriter, Compression } from '@tailrace/schemas'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import type { SimBroker } from './sim-broker.ts'
import { insist } from './workload/topic-churn.ts'
import type { World } from './world.ts'

const FILLER = 'filler'
const VALUE_BYTES = 16_000
const CALL_MS = 3_000
const PAUSE_MS = 50
const FIRST_BATCHES = 10
const MOST_BATCHES = 400
const LARGE_DISK_BYTES = 2 ** 40

/**
 * Another program fills every disk to the last byte while records are published, so that even the space that brokers
 * have allocated ahead is used up. Deleting a topic must still work: it writes to the metadata's log, to the journal
 * and to the state store before it frees anything. Resolves when no broker has the topic any more.
 */
export async function fillAndLeave(world: World): Promise<void> {
  const random = world.stream(900)
  const { draining } = world.watch.metadata.upkeep
  // Operators may have left fewer brokers that take new replicas than a topic usually has.
  const takers = world.inService.filter(({ id }) => !draining.includes(id)).length
  const shape = { partitions: 1, replicas: Math.min(3, takers) }
  if (takers === 0 || !(await insist(world, random, FILLER, true, shape))) return
  await fill(world, random, FIRST_BATCHES)
  const copiesOnWrite = random.chance(0.5)
  for (const broker of world.inService) {
    if (broker.machine.defects.noKeptRoom) loseKeptRoom(broker)
    giveRoom(broker, random.below(2_000))
    broker.machine.disk.behaviour.copiesOnWrite = copiesOnWrite
  }
  await fill(world, random, MOST_BATCHES)
  world.note('disks are full')
  if (!(await insist(world, random, 'last-straw', true, shape))) return
  if (!(await insist(world, random, FILLER, false))) return
  while (world.inService.some(holdsStranger(world))) await world.pause(PAUSE_MS)
  world.note('disks have room again')
  for (const { machine } of world.inService) {
    Object.assign(machine.disk.behaviour, { capacity: LARGE_DISK_BYTES, copiesOnWrite: false })
  }
}

function giveRoom({ machine }: SimBroker, bytes: number): void {
  machine.disk.behaviour.capacity = machine.disk.used + bytes
}

/** A control: the blocks that were kept are gone. */
function loseKeptRoom({ machine }: SimBroker): void {
  for (const [path, file] of machine.disk.files()) if (path.endsWith('kept-room')) file.truncate(0)
}

function holdsStranger(world: World): (broker: SimBroker) => boolean {
  const { places } = world.watch.metadata
  return ({ life }) =>
    life === null || [...life.storage.groups()].some(({ group }) => group !== 0 && !places.has(group))
}

/** Publishes until no broker takes a record any more. */
async function fill(world: World, random: SimRandom, most: number): Promise<void> {
  const value = 'x'.repeat(VALUE_BYTES)
  for (let batches = 0, failures = 0; batches < most && failures < 10; batches++) {
    const writer = new BatchWriter()
    writer.append({ timestamp: 0, key: null, value })
    const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
    const publish = world.call(
      world.anyBroker(random),
      ({ node }) => node.api.publish(FILLER, 0, batch, { timeoutMs: CALL_MS, wait: true }),
      CALL_MS,
    )
    failures = await publish.then(
      () => 0,
      () => failures + 1,
    )
    if (failures > 0) await world.pause(PAUSE_MS)
  }
}
