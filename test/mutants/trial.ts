import type { Judgement, Jury, RunTest } from './jury.ts'
import type { Mutant } from './operators.ts'
import { apply } from './operators.ts'
import type { Workshop } from './workshop.ts'

export interface Verdict extends Mutant, Judgement {
  readonly ms: number
}

/** Breaks the file, runs the tests that can notice until one does, and mends the file again. */
export async function tryMutant(
  workshop: Workshop,
  jury: Jury,
  text: string,
  mutant: Mutant,
  tests: readonly string[],
): Promise<Verdict> {
  const started = performance.now()
  const texts = { broken: apply(text, mutant), sound: text }
  let current: keyof typeof texts = 'sound'
  const run: RunTest = (test, code, limitMs) => {
    if (code !== current) workshop.write(mutant.file, texts[code])
    current = code
    return workshop.run({ test, record: code === 'sound' }, limitMs)
  }
  try {
    const judgement = await jury.judge(mutant, tests, run)
    return { ...mutant, ...judgement, ms: Math.round(performance.now() - started) }
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
