import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'

/** A tree of cascade brokers: how many there are on each level, from level 1 down. Level 0 has three. */
export type TreeLevels = readonly number[]

export interface TreeMember {
  readonly id: number
  readonly level: number
  readonly address: string
  /** Addresses of the setting, of brokers one level up. */
  readonly given: readonly string[]
}

const LEVEL_ZERO = 3
/** A name that leads to the first broker of level 1. */
export const ALIAS = 'cascade.example:7100'
/** An operator lists some of the brokers above, not all. */
const GIVEN = 3

export function levelZeroMembers(): TreeMember[] {
  return Array.from({ length: LEVEL_ZERO }, (_, at) => ({
    id: at + 1,
    level: 0,
    address: addressOf(0, at),
    given: [],
  }))
}

/** The cascade brokers, level by level. Numbers begin at 101. */
export function cascadeMembers(levels: TreeLevels, random: SimRandom): TreeMember[] {
  const members: TreeMember[] = []
  let above = levelZeroMembers()
  for (const [index, count] of levels.entries()) {
    const level = index + 1
    const row = Array.from({ length: count }, (_, at): TreeMember => {
      const given = new Set<string>()
      while (given.size < Math.min(GIVEN, above.length)) given.add(random.pick(above).address)
      return { id: 101 + members.length + at, level, address: addressOf(level, at), given: [...given] }
    })
    members.push(...row)
    above = row
  }
  return members
}

function addressOf(level: number, at: number): string {
  return `10.${level}.${at >> 8}.${at & 0xff}:7100`
}
