import type { Mutant } from './operators.ts'
import { apply } from './operators.ts'
import type { Outcome, Workshop } from './workshop.ts'

/** Tests that are run first, in one go; most mutants end here. */
const NEAREST = 6
/** How many tests may look at a mutant in all. */
const MOST = 40
const LIMIT_MS = 240_000

export interface Verdict extends Mutant {
  readonly outcome: Outcome | 'no test'
}

/** Breaks the file, runs the tests that can notice, nearest first, and mends it again. */
export async function tryMutant(
  workshop: Workshop,
  text: string,
  mutant: Mutant,
  tests: readonly string[],
): Promise<Verdict> {
  if (tests.length === 0) return { ...mutant, outcome: 'no test' }
  workshop.write(mutant.file, apply(text, mutant))
  try {
    for (const group of [tests.slice(0, NEAREST), tests.slice(NEAREST, MOST)]) {
      if (group.length === 0) continue
      const outcome = await workshop.run(group, LIMIT_MS)
      if (outcome !== 'survived') return { ...mutant, outcome }
    }
    return { ...mutant, outcome: 'survived' }
  } finally {
    workshop.write(mutant.file, text)
  }
}

/** Runs `work` on all items, `workers` at a time, each worker with a tool of its own. */
export async function inParallel<Item, Tool>(
  items: readonly Item[],
  tools: readonly Tool[],
  work: (item: Item, tool: Tool) => Promise<void>,
): Promise<void> {
  const queue = [...items]
  await Promise.all(
    tools.map(async (tool) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item, tool)
    }),
  )
}
