import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runScenario } from './run-scenario.ts'

/**
 * `npm run scenarios [-- name ...]`: writes the outcomes found into the files, for review as a diff. What must hold whatever is
 * recorded is printed when it does not, and makes the exit code 1.
 */
const folder = fileURLToPath(new URL('.', import.meta.url))
const wanted = process.argv.slice(2)
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'))
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
