import type { Mutant } from './operators.ts'
import { apply } from './operators.ts'
import { SoundTimes } from './sound-times.ts'
import type { Workshop } from './workshop.ts'

/** A mutant may make tests slower before it counts as one that never ends. */
const SLOWER = 5
const SLACK_MS = 20_000

export type Outcome = 'killed' | 'survived' | 'timed out' | 'no test'

export interface Verdict extends Mutant {
  readonly outcome: Outcome
  /** The test that noticed it. */
  readonly test: string | null
  readonly ms: number
}

/** A workshop, and what is known of its tests while nothing is broken. */
export interface Bench {
  readonly workshop: Workshop
  readonly times: SoundTimes
}

export function benchOf(workshop: Workshop): Bench {
  const times = new SoundTimes(async (test) => {
    const findings = await workshop.run([test], null, 240_000)
    const finding = findings?.[0]
    return finding === undefined || finding.failed ? null : finding.ms
  })
  return { workshop, times }
}

/** Breaks the file, runs the tests that can notice, nearest first, until one does, and mends the file again. */
export async function tryMutant(
  { workshop, times }: Bench,
  text: string,
  mutant: Mutant,
  tests: readonly string[],
): Promise<Verdict> {
  const started = performance.now()
  const verdict = (outcome: Outcome, test: string | null = null): Verdict => {
    return { ...mutant, outcome, test, ms: Math.round(performance.now() - started) }
  }
  const { judges, soundMs } = await times.affordable(tests)
  if (judges.length === 0) return verdict('no test')
  workshop.write(mutant.file, apply(text, mutant))
  try {
    const findings = await workshop.run(judges, mutant.file, SLACK_MS + SLOWER * soundMs)
    if (findings === null) return verdict('timed out')
    const last = findings.at(-1)!
    return last.failed ? verdict('killed', last.test) : verdict('survived')
  } finally {
    workshop.write(mutant.file, text)
    await workshop.run([], mutant.file, SLACK_MS)
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
