import type { BrokerId } from '@tailrace/schemas'

/** A broker as it can be chosen. */
export interface LevelBroker {
  readonly id: BrokerId
  /** ws://host:port or wss://host:port. */
  readonly address: string
  readonly level: number
  readonly alive: boolean
  /** Empty: not told. */
  readonly rack: string
  /** Null: not told. */
  readonly load: { readonly connections: number; readonly lagMs: number; readonly ready: boolean } | null
  /** Names, and beginnings of names with `*` behind them, of the topics that it copies. Empty: all. */
  readonly topics: readonly string[]
}

export interface LevelRules {
  readonly maxLevel: number
  /** Empty: none is preferred. */
  readonly rack: string
  readonly maxLagMs: number
}

export interface Choosing {
  /** The topic that is read. */
  readonly topic: string
  readonly isAvoided: (id: BrokerId) => boolean
  /** Brokers that other subscriptions of this program read from. */
  readonly taken: ReadonlySet<BrokerId>
  /** From 0 up to, not including, 1. */
  readonly random: () => number
}

/** Less than that of any cascade broker. */
const RANK_OF_LEVEL_0 = -1
/** Brokers do not tell of smaller changes in the number of their connections at once. */
const LEAST_SURPLUS = 100

/** Whether a broker is a cascade broker that copies the topic, and is well enough to be read from. */
export function isFit(broker: LevelBroker, { maxLevel, maxLagMs }: LevelRules, topic: string): boolean {
  const { level, alive, load, topics } = broker
  const isWell = alive && (load === null || (load.ready && load.lagMs <= maxLagMs))
  return level >= 1 && level <= maxLevel && isWell && (topics.length === 0 || topics.some((of) => isOf(topic, of)))
}

function isOf(topic: string, pattern: string): boolean {
  return pattern.endsWith('*') ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern
}

/** Of two brokers the one with the higher rank is preferred: a deeper level first, then the same rack. */
export function rankOf(broker: LevelBroker | null, { rack }: LevelRules): number {
  if (broker === null) return RANK_OF_LEVEL_0
  return 2 * broker.level + (rack !== '' && broker.rack === rack ? 1 : 0)
}

/**
 * The cascade broker to read from; null: none is fit, so level 0. Of those with the highest rank one that the program
 * reads from already. Else two are drawn, and the one with fewer connections is taken ("The Power of Two Choices in
 * Randomized Load Balancing", Mitzenmacher 2001): if all programs took the one with the fewest, as they were told a
 * while ago, it would have most of them a moment later.
 */
export function chooseBroker(
  brokers: readonly LevelBroker[],
  rules: LevelRules,
  { topic, isAvoided, taken, random }: Choosing,
): LevelBroker | null {
  let best: LevelBroker[] = []
  let rank = RANK_OF_LEVEL_0
  for (const broker of brokers) {
    const its = rankOf(broker, rules)
    if (its < rank || !isFit(broker, rules, topic) || isAvoided(broker.id)) continue
    if (its > rank) best = []
    rank = its
    best.push(broker)
  }
  const shared = best.find(({ id }) => taken.has(id))
  if (shared !== undefined || best.length < 2) return shared ?? best[0] ?? null
  const one = Math.floor(random() * best.length)
  const other = (one + 1 + Math.floor(random() * (best.length - 1))) % best.length
  return lighter(best[one]!, best[other]!)
}

/**
 * The share of the programs that read from a broker that go to another one of its rank in one look; 0 unless that has
 * far fewer connections, as after its restart. What is told is some seconds old, so the brokers come closer in steps.
 */
export function shareToMove(from: LevelBroker, to: LevelBroker): number {
  const [here, there] = [from.load?.connections ?? -1, to.load?.connections ?? -1]
  if (there < 0 || here - there < Math.max(LEAST_SURPLUS, here / 2)) return 0
  return (here - there) / (4 * here)
}

/** The first one unless both tell, and the second one has fewer. */
function lighter(one: LevelBroker, other: LevelBroker): LevelBroker {
  const connections = ({ load }: LevelBroker): number => load?.connections ?? -1
  return connections(other) >= 0 && connections(other) < connections(one) ? other : one
}
