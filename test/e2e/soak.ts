import { toolArguments } from '../tool-arguments.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { hurtLeaders, killAndRestart } from './faults.ts'
import { publishUnderFaults } from './publish-under-faults.ts'

const ROWS = 3_000_000
toolArguments(
  `npm run test:soak
Publishes all ${ROWS.toLocaleString('en')} flights while a leader is killed every second.`,
  {},
)

const cluster = await ClusterProcesses.start()
try {
  const outcome = await publishUnderFaults({
    cluster,
    rows: ROWS,
    rowsPerSecond: 15_000,
    startFaults: (topic) => hurtLeaders(cluster, topic, killAndRestart),
  })
  const [first, ...others] = outcome.digests.map((digest) => JSON.stringify([...digest]))
  const same = others.every((digest) => digest === first)
  console.log(`${outcome.acknowledged} acknowledged in ${outcome.seconds.toFixed(0)} s, ${outcome.faults} kills`)
  for (const problem of outcome.problems) console.log(problem)
  console.log(
    same
      ? 'byte-identical on all brokers'
      : `the brokers' bytes differ: ${outcome.digests.map((digest) => [...digest].join(' ')).join('\n')}`,
  )
  process.exitCode = outcome.problems.length === 0 && same && outcome.acknowledged === ROWS ? 0 : 1
} finally {
  await cluster.destroy()
}
