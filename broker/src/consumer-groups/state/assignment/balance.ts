import type { Holding, Holdings } from './holdings.ts'

/**
 * Moves partitions from members that have many to members that have two fewer at least, through others if need be,
 * until no such move is left: then no other assignment is more even. Each move makes one member's load smaller that has
 * to become smaller, so no more partitions move than must.
 */
export function balance(holdings: Holdings): void {
  while (moveOne(holdings)) {}
}

function moveOne(holdings: Holdings): boolean {
  const loads = holdings.held.map((_, member) => holdings.loadOf(member))
  const least = Math.min(...loads)
  const tried = new Set<number>()
  while (tried.size < loads.length) {
    const giver = nextGiver(holdings, loads, tried)
    if (loads[giver]! - least < 2) return false
    const path = pathToLess(holdings, giver, loads)
    if (path === null) {
      tried.add(giver)
      continue
    }
    // From its end, so that no member gives away what it has just got.
    for (let at = path.length - 2; at >= 0; at--) {
      const [from, to] = [path[at]!, path[at + 1]!]
      holdings.move(movable(holdings, from, to), from, to)
    }
    return true
  }
  return false
}

/** The one with the most partitions; of those with the same number, the one that got a partition last. */
function nextGiver({ newest }: Holdings, loads: readonly number[], tried: ReadonlySet<number>): number {
  let best = -1
  loads.forEach((load, member) => {
    if (tried.has(member)) return
    const more = best === -1 ? 1 : load - loads[best]! || compare(newest[member]!, newest[best]!)
    if (more > 0) best = member
  })
  return best
}

/**
 * The members from `giver` to the one with the fewest partitions of those that it reaches: each has a partition of a
 * topic to which the next one subscribes. Null: all of them have as many, or one fewer.
 */
function pathToLess(holdings: Holdings, giver: number, loads: readonly number[]): number[] | null {
  const members = loads.length
  const from = new Int32Array(members).fill(-1)
  from[giver] = giver
  const topics = new Uint8Array(holdings.subscribers.length)
  const queue = [giver]
  let least = giver
  for (let at = 0; at < queue.length && queue.length < members; at++) {
    const member = queue[at]!
    for (const { topic } of holdings.held[member]!) {
      if (topics[topic] === 1) continue
      if (queue.length === members) break
      topics[topic] = 1
      for (const next of holdings.subscribers[topic]!) {
        if (from[next] !== -1) continue
        from[next] = member
        queue.push(next)
        if (loads[next]! < loads[least]!) least = next
      }
    }
    // A direct move is better than one through others.
    if (loads[giver]! - loads[least]! >= 2) break
  }
  if (loads[giver]! - loads[least]! < 2) return null
  const path = [least]
  while (path[0] !== giver) path.unshift(from[path[0]!]!)
  return path
}

/** Of the partitions that can move there: the newest, of the topic of which the giver has the most more. */
function movable(holdings: Holdings, from: number, to: number): Holding {
  const surplus = ({ topic }: Holding): number => holdings.countOf(from, topic) - holdings.countOf(to, topic)
  let best: Holding | null = null
  for (const holding of holdings.held[from]!) {
    if (!holdings.subscribes(to, holding.topic)) continue
    const newer = best === null ? 1 : compare(holding.since, best.since) || surplus(holding) - surplus(best)
    if (newer > 0) best = holding
  }
  return best!
}

/** Of two infinite numbers the difference is none. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
