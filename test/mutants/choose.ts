import type { Mutant } from './operators.ts'

/** The parts of the code whose rules are worth a mutant. */
export const mutatedFolders = [
  'schemas/src/',
  'client/src/',
  'producer/src/',
  'consumer/src/',
  'broker/src/raft/',
  'broker/src/log/',
  'broker/src/partition/',
  'broker/src/cluster/',
  'broker/src/cascade/',
  'broker/src/doors/',
]

/** Files that hold tables, generated text or doubles. */
const exempt = /\.d\.ts$|generated|defects\.ts$|errors\.ts$|\/testing\//

export function isMutated(path: string): boolean {
  return mutatedFolders.some((folder) => path.startsWith(folder)) && path.endsWith('.ts') && !exempt.test(path)
}

/**
 * `count` of them, the same for the same seed. Files take turns, so that a long file does not get all; a further turn
 * gives each file one more. The order comes from the text of each mutant, so that a change of one place, or a mutant
 * that is left out, moves no other.
 */
export function choose(byFile: ReadonlyMap<string, readonly Mutant[]>, count: number, seed: number): Mutant[] {
  const inOrder = <T>(items: readonly T[], textOf: (item: T) => string): T[] => {
    const seen = new Map<string, number>()
    const placed = items.map((item) => {
      const text = textOf(item)
      const nth = seen.get(text) ?? 0
      seen.set(text, nth + 1)
      return { item, place: hash(`${seed} ${nth} ${text}`) }
    })
    return placed.sort((a, b) => a.place - b.place).map(({ item }) => item)
  }
  const files = inOrder([...byFile.keys()], (file) => file)
  const piles = files.map((file) =>
    inOrder(byFile.get(file)!, ({ operator, before, after }) => `${file} ${operator} ${before} ${after}`),
  )
  const chosen: Mutant[] = []
  for (let turn = 0; chosen.length < count; turn++) {
    const pick = piles.flatMap((pile) => pile[turn] ?? [])
    if (pick.length === 0) break
    chosen.push(...pick.slice(0, count - chosen.length))
  }
  return chosen
}

/** FNV-1a, its bits mixed once more, so that texts that differ at their ends alone are far apart. */
function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193)
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35)
  return (sum ^ (sum >>> 16)) >>> 0
}
