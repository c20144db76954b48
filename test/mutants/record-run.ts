import { type Profiler, Session } from 'node:inspector'
import { afterAll } from 'vitest'
import { isTest } from '../architecture/source-tree.ts'
import { isMutated } from './choose.ts'
import { type ExecutedCode, rangesOf } from './executed-code.ts'
import { RECORDS_CODE } from './run-record.ts'

const session = process.env[RECORDS_CODE] === '1' ? new Session() : null
session?.connect()
session?.post('Profiler.enable')
session?.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

// biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures that are wanted from the text: none.
afterAll(({}, { meta }) => {
  const { user, system } = process.cpuUsage()
  meta.record = { cpuMs: (user + system) / 1000, executed: session === null ? null : executedBy(session) }
})

/** The session answers before `post` returns. */
function executedBy(from: Session): ExecutedCode {
  let scripts: Profiler.ScriptCoverage[] = []
  from.post('Profiler.takePreciseCoverage', (error, taken) => {
    if (error !== null) throw error
    scripts = taken.result
  })
  return rangesOf(scripts, process.cwd(), (path) => isMutated(path) && !isTest(path))
}
