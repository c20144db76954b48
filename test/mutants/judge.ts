import { createVitest, type TestModule } from 'vitest/node'
import { RECORDS_CODE, type RunRecord } from './run-record.ts'

/** A request of the workshop to its judge: to run a test; with `record`, to report also which code ran. */
export interface Question {
  readonly test: string
  readonly record: boolean
}

/** How a test file ended; `ms` is the time of its tests, without the imports. */
export interface Finding extends RunRecord {
  readonly failed: boolean
  readonly ms: number
}

/** One vitest for all mutants of a workshop; each test runs in a process of its own, which reads the source anew. */
const vitest = await createVitest('test', { config: 'test/mutants/judge.config.ts' })
const specifications = new Map((await vitest.globTestSpecifications()).map((found) => [found.moduleId, found]))

function findingOf(module: TestModule, isQuiet: boolean): Finding {
  const { cpuMs = 0, executed = null } = module.meta().record ?? {}
  return { failed: module.state() !== 'passed' || !isQuiet, ms: module.diagnostic().duration, cpuMs, executed }
}

async function find({ test, record }: Question): Promise<Finding> {
  // Functions from the cache are compiled already, and report less of the code that ran.
  process.env[RECORDS_CODE] = record ? '1' : ''
  process.env.NODE_COMPILE_CACHE = record ? '' : '.tmp/compiled'
  // The limit of failures counts those of earlier runs, too, unless they are forgotten.
  vitest.state.filesMap.clear()
  vitest.state.idMap.clear()
  const specification = specifications.get(`${process.cwd()}/${test}`)
  if (specification === undefined) throw new Error(`${test} is no unit test (test/mutants/judge.config.ts).`)
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification])
  vitest.state.errorsSet.clear()
  return findingOf(testModules[0]!, unhandledErrors.length === 0)
}

process.on('message', (question: Question) => {
  find(question).then(
    (found) => process.send!(found),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
// The process that asked is gone.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
process.send!('ready')
