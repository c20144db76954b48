import { createVitest, type TestModule } from 'vitest/node'

/** What the workshop asks of its judge: to run these tests, of which `changed` may read a file that is new. */
export interface Question {
  readonly tests: readonly string[]
  readonly changed: string | null
}

/** How one test file ended; `ms` is the time of its tests, without the imports: they are translated once. */
export interface Finding {
  readonly test: string
  readonly failed: boolean
  readonly ms: number
}

/** One vitest for all mutants of a workshop: it starts once, and translates again only the file that was changed. */
const vitest = await createVitest('test', {
  watch: false,
  project: ['unit'],
  bail: 1,
  maxWorkers: 1,
  reporters: [{}],
  passWithNoTests: true,
})
const specifications = new Map((await vitest.globTestSpecifications()).map((found) => [found.moduleId, found]))

function findingOf(module: TestModule): Finding {
  const test = module.moduleId.slice(process.cwd().length + 1)
  return { test, failed: module.state() !== 'passed', ms: module.diagnostic().duration }
}

/** Until the first failure: what comes after it is not among the findings. */
async function findings({ tests, changed }: Question): Promise<Finding[]> {
  if (changed !== null) vitest.invalidateFile(`${process.cwd()}/${changed}`)
  const found: Finding[] = []
  for (const test of tests) {
    // The limit of failures counts those of earlier runs, too, unless they are forgotten.
    vitest.state.filesMap.clear()
    vitest.state.idMap.clear()
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications([
      specifications.get(`${process.cwd()}/${test}`)!,
    ])
    const finding = findingOf(testModules[0]!)
    const failed = finding.failed || unhandledErrors.length > 0
    vitest.state.errorsSet.clear()
    found.push({ ...finding, failed })
    if (failed) break
  }
  return found
}

process.on('message', (question: Question) => {
  findings(question).then(
    (found) => process.send!(found),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
// Nobody is left to answer to.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
process.send!('ready')
