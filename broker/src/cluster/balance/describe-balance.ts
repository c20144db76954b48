import type { BalanceDescription, BrokerShare, PlannedMove } from '../../api/upkeep-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { BalancePlan, BEGUN } from './balance-plan.ts'
import { drawPicture, type PictureSources } from './draw-picture.ts'
import { LoadHistory } from './load-figures.ts'
import type { ClusterPicture, Move } from './picture.ts'

/** Between the two looks from which rates follow. */
const MEASURED_MS = 2000
const MOST_PLANNED = 500
const MOST_LISTED = 200

/** The plan that a metadata leader would make now, with all brokers that are up, and without those that are lost. */
export async function describeBalance(deps: PictureSources): Promise<BalanceDescription> {
  const { state, brokers, alive, loads, clock, mostReplicas } = deps
  const history = new LoadHistory()
  const living = brokers().filter((id) => state.brokers.has(id) && alive(id))
  history.take(await loads(living), clock.monotonic())
  await pause(clock, MEASURED_MS)
  const figures = history.take(await loads(living), clock.monotonic())
  const picture = drawPicture(state, figures, {
    brokers: brokers(),
    mostReplicas,
    steady: () => true,
    lost: () => false,
    resting: () => false,
  })
  const plan = new BalancePlan(picture, BEGUN)
  const { imbalance } = plan
  const moves = await movesOf(plan, clock)
  return {
    balancing: state.upkeep.balancing,
    imbalance,
    brokers: sharesOf(picture),
    moves: moves.slice(0, MOST_LISTED).flatMap((move) => named(state, move)),
    more: Math.max(0, moves.length - MOST_LISTED),
  }
}

/** One move a turn: a large cluster has many, and clients must not wait for all. */
async function movesOf(plan: BalancePlan, clock: Clock): Promise<Move[]> {
  const moves: Move[] = []
  while (moves.length < MOST_PLANNED) {
    const move = plan.next()
    if (move === null) break
    moves.push(move)
    await new Promise<void>((resolve) => clock.soon(resolve))
  }
  return moves
}

function sharesOf({ brokers, partitions }: ClusterPicture): BrokerShare[] {
  return brokers.map(({ id, rack, up, leaving }) => {
    const held = partitions.filter(({ replicas }) => replicas.includes(id))
    const led = held.filter(({ replicas }) => replicas[0] === id)
    const sum = (some: typeof held, of: 'bytes' | 'bytesPerSecond'): number =>
      Math.round(some.reduce((total, partition) => total + partition[of], 0))
    return {
      broker: id,
      rack,
      up,
      draining: leaving === 'drained',
      replicas: held.length,
      leaders: led.length,
      bytes: sum(held, 'bytes'),
      bytesPerSecond: sum(held, 'bytesPerSecond'),
      ledBytesPerSecond: sum(led, 'bytesPerSecond'),
    }
  })
}

/** A topic may have been deleted meanwhile. */
function named(state: MetadataState, { group, ...move }: Move): PlannedMove[] {
  const place = state.places.get(group)
  return place === undefined ? [] : [{ topic: place.topic.name, partition: place.partition, ...move }]
}
