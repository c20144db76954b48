import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { BLOCK_BYTES } from '../disk/block-file.ts'
import type { Scene } from '../scene.ts'
import type { SimBroker } from '../sim-broker.ts'
import type { FaultClass } from './fault.ts'

/**
 * The content of a disk changes without a write of the broker. Only the disks of `swarm.rotten` rot, a minority of
 * every partition's replicas: entries that a majority has lost no replica can give back, so the product promises
 * nothing then. A flip may lie unread for long, so a disk that has rotted once counts as rotten to the end of the
 * history. Identity file and checkpoints are spared: a broker whose identity cannot be read refuses to start, and says
 * so.
 */
function rotten(world: Scene, random: SimRandom): SimBroker {
  return world.broker(random.pick(world.swarm.rotten))
}

function flip(world: Scene, random: SimRandom, where: string): void {
  const broker = rotten(world, random)
  const files = [...broker.machine.disk.files()].filter(
    ([path, file]) => path.includes(where) && file.blocks().length > 0,
  )
  if (files.length === 0) return
  const [path, file] = random.pick(files)
  const blocks = file.blocks().filter((block) => file.stored(block)!.some((byte) => byte !== 0))
  if (blocks.length === 0) return
  // Half the time near the end, where entries are that are not yet committed, or only just.
  const block = random.chance(0.5) ? blocks.at(-1 - random.below(Math.min(3, blocks.length)))! : random.pick(blocks)
  const bytes = file.stored(block)!.slice()
  const at = random.below(BLOCK_BYTES)
  bytes[at]! ^= 1 << random.below(8)
  file.rot(block, bytes)
  world.rot(broker.id, path, `bit flipped in block ${block}, byte ${at}, of ${path}`)
}

const journalFlip: FaultClass = {
  name: 'journal-flip',
  likelihood: 0.25,
  everyMs: [200, 1_000],
  strike: (world, random) => flip(world, random, '/journal/'),
}

const segmentFlip: FaultClass = {
  name: 'segment-flip',
  likelihood: 0.25,
  everyMs: [200, 1_000],
  strike: (world, random) => flip(world, random, '/groups/'),
}

function scar(world: Scene, random: SimRandom, kind: 'lost' | 'misdirected'): void {
  const broker = rotten(world, random)
  const where = random.pick(['/journal/', '/groups/'])
  broker.machine.disk.scars.next = { kind, where }
  world.rot(broker.id, '', `the next write to ${where} is ${kind}`)
}

/** The disk says that a write is done, and it is not (see disk/scars.ts for the limit of what can be noticed). */
const lostWrite: FaultClass = {
  name: 'lost-write',
  likelihood: 0.15,
  everyMs: [300, 2_000],
  strike: (world, random) => scar(world, random, 'lost'),
}

/** The write is done, in another place of the file. */
const misdirectedWrite: FaultClass = {
  name: 'misdirected-write',
  likelihood: 0.1,
  everyMs: [500, 2_000],
  strike: (world, random) => scar(world, random, 'misdirected'),
}

/** From now on a loss of power may leave blocks that are part old, part new: for the reader the same as rot. */
const tearing: FaultClass = {
  name: 'torn-blocks',
  likelihood: 0.2,
  everyMs: [1_000],
  strike(world, random) {
    const broker = rotten(world, random)
    broker.machine.disk.behaviour.tears = true
    world.rot(broker.id, '', 'its disk tears blocks from now on')
  },
}

export const rot: readonly FaultClass[] = [journalFlip, segmentFlip, lostWrite, misdirectedWrite, tearing]

/** One of the two checkpoints of a log, always the same one: the other is what a broker starts with then. */
const checkpointFlip: FaultClass = {
  name: 'checkpoint-flip',
  likelihood: 0.15,
  everyMs: [500, 2_000],
  strike: (world, random) => flip(world, random, '/checkpoint-a'),
}

/** A log that is being received from another broker, or that has just taken the place of an older one. */
const copyFlip: FaultClass = {
  name: 'copy-flip',
  likelihood: 0.2,
  everyMs: [100, 500],
  strike(world, random) {
    const incarnations = [...rotten(world, random).machine.disk.files()]
      .map(([path]) => Number(/\/groups\/\d+-(\d+)\//.exec(path)?.[1] ?? -1))
      .sort((a, b) => b - a)
    const newest = incarnations[0] ?? -1
    if (newest >= 0) flip(world, random, `-${newest}/`)
  },
}

export const laterRot: readonly FaultClass[] = [checkpointFlip, copyFlip]

/**
 * A broker comes back without the last synced blocks of its journal, so soon that its groups have still the same
 * leaders.
 */
const lostTail: FaultClass = {
  name: 'lost-tail',
  likelihood: 0.2,
  everyMs: [500, 2_000],
  strike(world, random) {
    const broker = rotten(world, random)
    if (!broker.up) return
    world.crash(broker, false, random.pick([1, 50, 500]))
    const lost = broker.machine.disk.loseTail(random.between(1, 6))
    if (lost > 0) world.rot(broker.id, '', `the last ${lost} blocks of the journal are lost`)
  },
}

/**
 * An operator puts an old copy of a broker's folder back. It is found out by brokers that remember a life of the broker
 * after the copy; where no broker does, it cannot be found out (docs/decisions/lost-tails.md). So it is done when all
 * others remember one, durably.
 */
const folderPutBack: FaultClass = {
  name: 'folder-put-back',
  likelihood: 0.2,
  everyMs: [300, 1_000],
  strike(world, random) {
    const broker = rotten(world, random)
    if (!broker.up || !world.formed) return
    const others = world.inService.filter((other) => other !== broker)
    const isRemembered = (): boolean =>
      broker.copy !== null && others.every((other) => other.remembersMore(broker.id, broker.copy!))
    if (isRemembered()) {
      const putBack = (): void => {
        if (!isRemembered() || !broker.up) return
        world.crash(broker, true, random.pick([1, 1, 500]))
        world.rot(broker.id, '', 'an old copy of its folder is put back')
        broker.putBack()
      }
      // Half the time a broker that will miss the next writes is away before, and the leader is gone afterwards.
      const [leader, ...late] = others.toSorted((a, b) => world.ledBy(b.id) - world.ledBy(a.id))
      if (random.chance(0.5) || leader === undefined || late.length === 0) return putBack()
      for (const other of late) world.crash(other, false, 1_500)
      world.undoAfter(800, () => {
        putBack()
        world.crash(leader, false, 4_000)
      })
    } else if (broker.copy === null) {
      world.crash(broker, true, random.pick([1, 500]))
      broker.takeCopy()
      world.note(`the folder of broker ${broker.id} is copied`)
    }
  },
}

export const lostTails: readonly FaultClass[] = [lostTail, folderPutBack]
