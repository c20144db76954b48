import { toolArguments } from '../tool-arguments.ts'
import { writeCase } from './cases.ts'
import { fuzz } from './fuzz.ts'
import { spread, targetTable } from './targets/table.ts'

const usage = `npm run fuzz -- [--target NAME] [--inputs 100000] [--seed 1]
Gives every parser inputs that were made from sound ones by small changes. An input that fails is made small and written to test/fuzz/cases,
where it is a test from then on. Exit code 0: no input failed; 1: one did; 2: wrong arguments.
targets: ${targetTable.map(({ target }) => target.name).join(' ')}`

async function main(): Promise<number> {
  const { inputs, seed, target } = toolArguments(usage, {
    target: { kind: 'text', among: targetTable.map(({ target }) => target.name) },
    inputs: { kind: 'whole number', default: 100_000, least: 1 },
    seed: { kind: 'whole number', default: 1 },
  }).values
  const rows = target === undefined ? spread(inputs) : only(target, inputs)
  const begin = performance.now()
  let [failed, tried] = [0, 0]
  for (const row of rows) {
    const start = performance.now()
    const { inputs, refused, failure } = await fuzz(row.target, row.inputs, seed)
    tried += inputs
    console.log(`${row.target.name}: ${figures(inputs, start)}, ${inputs - refused} taken, ${refused} refused`)
    if (failure === null) continue
    failed++
    console.log(`  FAILED, written to ${writeCase(failure)}:`, failure.error)
  }
  console.log(`all: ${figures(tried, begin)}, at most ${megabytes(process.resourceUsage().maxRSS * 1024)} of memory`)
  console.log(failed === 0 ? `no failure, seed ${seed}` : `${failed} of ${rows.length} targets failed, seed ${seed}`)
  return failed === 0 ? 0 : 1
}

function figures(inputs: number, start: number): string {
  const seconds = (performance.now() - start) / 1000
  return `${inputs} inputs in ${seconds.toFixed(1)} s, ${megabytes(process.memoryUsage.rss())}`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

function only(name: string, inputs: number): ReturnType<typeof spread> {
  return targetTable.filter(({ target }) => target.name === name).map(({ target }) => ({ target, inputs }))
}

process.exitCode = await main()
