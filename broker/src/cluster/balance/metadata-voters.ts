import type { BrokerId } from '@tailrace/schemas'
import type { PicturedBroker } from './picture.ts'
import { spreadOf } from './spread.ts'

type Candidate = Pick<PicturedBroker, 'id' | 'rack' | 'host' | 'up' | 'open' | 'leaving'>

/**
 * The voters that the metadata group should have: five where it has that many, else three, in different racks as far as
 * there are enough, without brokers that have to be emptied. Voters that are there stay where nothing speaks against
 * it, also those that are away for a short time. With fewer than three brokers to choose from, the present ones. A pure
 * function.
 * @param spreads false: only brokers that have to be emptied are replaced
 */
export function votersFor(
  present: readonly BrokerId[],
  leader: BrokerId,
  brokers: readonly Candidate[],
  spreads: boolean,
): readonly BrokerId[] {
  const known = new Map(brokers.map((broker) => [broker.id, broker]))
  const keepers = present.flatMap((id) => known.get(id) ?? []).filter(({ leaving }) => leaving === null)
  const others = brokers.filter(({ id, open }) => open && !present.includes(id))
  const most = keepers.length + others.length
  if (most < 3 || (!spreads && keepers.length === present.length)) return present
  const size = present.length >= 5 && most >= 5 ? 5 : 3
  const chosen = [...keepers].sort((a, b) => Number(b.id === leader) - Number(a.id === leader) || a.id - b.id)
  while (chosen.length > size) chosen.splice(chosen.indexOf(leastNeeded(chosen)), 1)
  while (chosen.length < size) chosen.push(apartFrom(chosen, others))
  const pool = brokers.filter(({ open }) => open)
  if (spreads) setApart(chosen, pool)
  return chosen.map(({ id }) => id).sort((a, b) => a - b)
}

/** One that is away, else one that shares its rack; the leader, which comes first, at last. */
function leastNeeded(chosen: readonly Candidate[]): Candidate {
  const without = (candidate: Candidate) => spreadOf(chosen.filter((some) => some !== candidate))
  return chosen.reduce((worst, some) => {
    if (some.up !== worst.up) return some.up ? worst : some
    return without(some).racks <= without(worst).racks ? some : worst
  })
}

function apartFrom(chosen: readonly Candidate[], others: readonly Candidate[]): Candidate {
  const free = others.filter((some) => !chosen.includes(some))
  const racksWith = (some: Candidate): number => spreadOf([...chosen, some]).racks
  return free.reduce((best, some) => (racksWith(some) < racksWith(best) ? some : best))
}

/** Changes one voter for another as long as fewer of them share a rack then. */
function setApart(chosen: Candidate[], pool: readonly Candidate[]): void {
  const racksOf = (voters: readonly Candidate[]): number => spreadOf(voters).racks
  for (;;) {
    const swaps = chosen.flatMap((_, at) =>
      pool.filter((some) => !chosen.includes(some)).map((some) => chosen.with(at, some)),
    )
    // From behind: the leader comes first, and stays where that is as good.
    const best = swaps.reduceRight((best, some) => (racksOf(some) < racksOf(best) ? some : best), [...chosen])
    if (racksOf(best) >= racksOf(chosen)) return
    chosen.splice(0, chosen.length, ...best)
  }
}
