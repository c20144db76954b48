import { parseArgs } from 'node:util'
import { writeCase } from './cases.ts'
import { fuzz } from './fuzz.ts'
import { spread, targetTable } from './targets/table.ts'

const usage = `npm run fuzz -- [--target NAME] [--inputs 100000] [--seed 1]
Gives every parser inputs that were made from sound ones by small changes. An input that fails is made small and written to test/fuzz/cases,
where it is a test from then on.
targets: ${targetTable.map(({ target }) => target.name).join(' ')}`

/** Exit code 0: nothing failed; 1: something did; 2: wrong arguments. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string' },
      inputs: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
  const known = targetTable.some(({ target }) => target.name === values.target)
  const wrong = !Number.isSafeInteger(inputs) || !Number.isSafeInteger(seed) || inputs < 1 || seed < 0
  if (values.help || wrong || (values.target !== undefined && !known)) {
    console.log(usage)
    return values.help ? 0 : 2
  }
  const rows = values.target === undefined ? spread(inputs) : only(values.target, inputs)
  let failed = 0
  for (const row of rows) {
    const begin = performance.now()
    const failure = await fuzz(row.target, row.inputs, seed)
    const seconds = (performance.now() - begin) / 1000
    console.log(`${row.target.name}: ${row.inputs} inputs in ${seconds.toFixed(1)} s`)
    if (failure === null) continue
    failed++
    console.log(`  FAILED, written to ${writeCase(failure)}:`, failure.error)
  }
  console.log(failed === 0 ? `no failure, seed ${seed}` : `${failed} of ${rows.length} targets failed, seed ${seed}`)
  return failed === 0 ? 0 : 1
}

function only(name: string, inputs: number): ReturnType<typeof spread> {
  return targetTable.filter(({ target }) => target.name === name).map(({ target }) => ({ target, inputs }))
}

process.exitCode = await main()
