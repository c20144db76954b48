import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { runSuite, type SuiteTest, suiteFolder } from './durable-streams-suite.ts'
import { RoundRobin } from './round-robin.ts'

/** Groups of tests that neither wait for a time to pass nor hold a reader for a time. */
const untimed = [
  'Basic Stream',
  'Append',
  'Read Operations',
  'HTTP Protocol',
  'JSON Mode',
  'Idempotent Producer',
].concat(
  ['Stream Closure Close', 'Byte-Exactness', 'Immutability', 'Concurrent Writer', 'Read-Your-Writes', 'Caching'],
  ['Fork - Creation', 'Fork - Reading', 'Fork - Appending', 'Fork - Recursive', 'Fork - JSON'],
)
/** For servers that call others, which Tailrace does not. */
const notServed = 'Reserved subscription APIs'

const noSuite = skipped(suiteFolder === undefined, 'durable streams: DURABLE_STREAMS_SUITE names no folder.')
describe.skipIf(noSuite)('the public tests of the protocol of durable streams', () => {
  let cluster: ClusterProcesses
  let all: RoundRobin

  beforeAll(async () => {
    cluster = await ClusterProcesses.start()
    all = await RoundRobin.start(cluster.ids.map((id) => cluster.http(id)))
  }, 60_000)
  afterAll(async () => {
    all?.close()
    await cluster?.destroy()
  })

  it('pass, each request at another one of three brokers', async () => {
    const tests = await runSuite(`${all.url}/streams`)
    print(tests)
    expect(tests.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    const leftOut = tests.filter(({ outcome }) => outcome === 'left out')
    expect([...new Set(leftOut.map(({ group }) => group))]).toEqual([notServed])
    expect(tests.length - leftOut.length).toBe(332)
  }, 400_000)

  it('pass, as far as they have no fixed time, while brokers that lead streams are killed', async () => {
    const front = await RoundRobin.start([cluster.http(1)])
    let isOver = false
    let kills = 0
    const run = runSuite(`${front.url}/streams`, `(${untimed.join('|')})`).finally(() => {
      isOver = true
    })
    // Without a producer nobody knows what an append has done whose leader dies: see durable-streams.test.ts for that.
    for (let id = 2; !isOver; id = 5 - id) {
      await front.between(() => cluster.kill(id))
      kills += 1
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      await cluster.launch(id)
      await cluster.ready([id])
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
    const tests = await run
    front.close()
    const done = tests.filter(({ outcome }) => outcome !== 'left out')
    console.log(`${done.length} tests while ${kills} brokers were killed`)
    expect(done.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(done.length).toBeGreaterThan(150)
    expect(kills).toBeGreaterThanOrEqual(2)
  }, 300_000)
})

/** The list of the tests, and how many of each group have passed. */
function print(tests: readonly SuiteTest[]): void {
  const groups = Map.groupBy(tests, ({ group }) => group)
  const lines = [...groups].flatMap(([group, members]) => [
    `${group}: ${members.filter(({ outcome }) => outcome === 'passed').length} of ${members.length}`,
    ...members.map(({ outcome, name }) => `  ${outcome}  ${name}`),
  ])
  console.log(lines.join('\n'))
}
