import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { refuseArguments, toolArguments } from '../tool-arguments.ts'
import { runScenario } from './run-scenario.ts'

const usage = `npm run scenarios [-- NAME...]
Writes the outcomes found into the files of test/scenarios, those whose name contains a NAME or all, for review as a diff. What must hold
whatever is recorded is printed when it does not, and makes the exit code 1.`

const folder = fileURLToPath(new URL('.', import.meta.url))
const { operands: wanted } = toolArguments(usage, {}, Number.POSITIVE_INFINITY)
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'))
const unknown = wanted.find((name) => !files.some((file) => file.includes(name)))
if (unknown !== undefined) refuseArguments(usage, `No scenario has "${unknown}" in its name.`)
let failed = false
for (const file of files.sort()) {
  if (wanted.length > 0 && !wanted.some((name) => file.includes(name))) continue
  const path = join(folder, file)
  const before = readFileSync(path, 'utf8')
  const { rewritten, failures } = runScenario(before)
  for (const failure of failures) console.log(`${file}: ${failure}`)
  failed ||= failures.length > 0
  if (rewritten === before) continue
  writeFileSync(path, rewritten)
  console.log(`${file}: rewritten`)
}
process.exitCode = failed ? 1 : 0
