import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './runner/chromium.ts'
import type { Counts, VitestReport } from './runner/counts.ts'
import { countsOf, resultLine, sum } from './runner/counts.ts'
import { helpIfAsked, toolArguments } from './tool-arguments.ts'

const testUsage = `npm test [-- ARGUMENT...]
Runs the type checker, the linter, and every test but those of "npm run test:long". Arguments go to vitest, which then runs alone: npm test -- broker/src/raft
npm test -- --changed runs the tests that what is not committed can reach, npm test -- --changed main those of a branch.
The last line sums up: "N passed, N failed". npx vitest --help tells what vitest takes.`

const checkUsage = `npm run check
Runs the type checker, the linter, the rules of the architecture and the unit tests: what to run before each commit. "npm test" runs
what takes longer, too. The last line sums up: "N passed, N failed".`

const longUsage = `npm run test:long
Runs the tests that take minutes, beside "npm test": more seeds, inputs and faults, what brokers cost, alerts on a real Prometheus,
brokers of older commits. The last line sums up: "N passed, N failed".`

const packagesUsage = `npm run test:packages
Tries the packed packages in projects of others: runtimes, bundlers, pages in Chromium. "npm run test:long" does so, too.
It needs what .ci/tools installs: ". .ci/tools" before it. The last line sums up: "N passed, N failed".`

/** The projects of vitest.config.ts that `npm run test:long` runs, and `npm test` leaves out. */
const longProjects = 'long*'

const root = fileURLToPath(new URL('..', import.meta.url))
const report = join(root, '.tmp', `vitest-${process.pid}.json`)
const given = process.argv.slice(2)
const usages = { check: checkUsage, long: longUsage, packages: packagesUsage }
type Named = keyof typeof usages
const isNamed = (name: string | undefined): name is Named => name !== undefined && name in usages
const [first] = given
const kind = first === undefined ? 'all' : isNamed(first) ? first : 'given'
const args = {
  all: ['--project', `!${longProjects}`],
  check: ['--project', 'unit'],
  long: ['--project', longProjects],
  packages: ['--project', 'long-packages'],
  given,
}[kind]

function run(title: string, command: readonly string[]): number {
  const started = performance.now()
  const result = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
  const code = result.status ?? 1
  console.log(`${title}: ${code === 0 ? 'ok' : 'failed'} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  return code
}

function check(title: string, command: readonly string[]): Counts {
  const passed = run(title, command) === 0
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 }
}

function readReport(): VitestReport | null {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as VitestReport
  } catch {
    return null
  } finally {
    rmSync(report, { force: true })
  }
}

if (isNamed(kind)) toolArguments(usages[kind], {}, 1)
else helpIfAsked(testUsage, given)
mkdirSync(join(root, '.tmp'), { recursive: true })
const checks =
  kind !== 'all' && kind !== 'check'
    ? []
    : [
        check('types', ['node_modules/typescript/bin/tsc', '--noEmit']),
        check('lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']),
      ]
// Brokers of tests run what users run, and start sooner. Unit tests start none.
if (kind !== 'check') checks.push(check('bundle', ['scripts/bundle-sources.ts']))
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...args,
]
const exitCode = run('tests', vitest)
const counts = sum([...checks, countsOf(readReport(), exitCode)])
if (counts.skipped > 0 && findChromium() === null) {
  console.log('No Chromium was found, so the browser tests were skipped; install one, or name it with CHROMIUM_PATH.')
}
console.log(resultLine(counts))
process.exitCode = counts.failed === 0 ? 0 : 1
