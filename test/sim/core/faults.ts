import type { Configuration } from '../../../broker/src/raft/config.ts'
import type { MemberTarget } from '../../../broker/src/raft/core.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'

/** Directed links that a partition cuts. */
export type Links = readonly (readonly [number, number])[]

/** One-way, between two brokers, around one broker, or between two groups. */
export function drawPartition(random: SimRandom, ids: readonly number[]): Links {
  const one = random.pick(ids)
  const other = random.pick(ids.filter((id) => id !== one))
  const kind = random.below(4)
  if (kind === 0) return [[one, other]]
  if (kind === 1) return bothWays([one], [other])
  if (kind === 2)
    return bothWays(
      [one],
      ids.filter((id) => id !== one),
    )
  const group = ids.filter(() => random.chance(0.5))
  return bothWays(
    group,
    ids.filter((id) => !group.includes(id)),
  )
}

/** The leader cannot send, or is alone, or one link to it is cut. */
export function drawPartitionAt(random: SimRandom, leader: number, ids: readonly number[]): Links {
  const others = ids.filter((id) => id !== leader)
  const kind = random.below(3)
  if (kind === 0) return others.map((id) => [leader, id] as const)
  return bothWays([leader], kind === 1 ? others : [random.pick(others)])
}

export function bothWays(some: readonly number[], others: readonly number[]): Links {
  return some.flatMap((a) => others.flatMap((b) => [[a, b] as const, [b, a] as const]))
}

/** A random time with the given mean: the gap between independent events. */
export function randomGap(random: SimRandom, mean: number): number {
  return 1 + Math.floor(-Math.log(1 - random.next() / 0x100000000) * mean)
}

/** One broker more or less, another part for one, or any set at all. */
export function drawTarget(random: SimRandom, now: Configuration, brokers: number): MemberTarget {
  const ids = Array.from({ length: brokers }, (_, i) => i + 1)
  const roles = new Map<number, string>()
  const present = (id: number) => (now.voters.includes(id) ? 'voter' : now.learners.includes(id) ? 'learner' : 'none')
  const any = ['voter', 'voter', 'none', 'none', 'learner']
  const whole = random.chance(0.4)
  for (const id of ids) roles.set(id, whole ? random.pick(any) : present(id))
  if (!whole) roles.set(random.pick(ids), random.pick(any))
  const part = (role: string) => ids.filter((id) => roles.get(id) === role)
  return { voters: part('voter'), learners: part('learner') }
}
