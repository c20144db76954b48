import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, release } from 'node:os'
import { CertificateFiles } from '../e2e/certificate-files.ts'
import { ClusterProcesses } from '../e2e/cluster-processes.ts'
import { toolArguments } from '../tool-arguments.ts'
import { type FloorResult, runFloor } from './floor/floor.ts'
import { type PublishResult, runPublish } from './publish-run.ts'
import { runQuotas } from './quotas.ts'
import { Users } from './users.ts'

interface Scenario {
  readonly name: string
  readonly recordBytes: number
  readonly partitions: number
  readonly producers: number
  readonly rate: number | null
}

const usage = `npm run bench -- [--seconds 8] [--only TEXT] [--tls] [--profile]
npm run bench -- --quotas [--seconds 8]
Publishes through three real brokers at replication 3, durability class D2 (an acknowledgement means a quorum of fsyncs), and runs the floor
beside it: the same bytes through the same processes, hops and fsyncs, kept in a growing file, with no protocol at all.
  --seconds N   of each measurement
  --only TEXT   scenarios whose name contains it
  --tls         each scenario once more with TLS, between producers and brokers and between brokers, and producers that show passwords (SCRAM)
                to brokers that apply rules to them; and its share of the plain one
  --quotas      only this: 500 records/s of one principal alone, and beside a producer and a reader of another one at full speed, under a quota and without
  --profile     brokers leave CPU profiles in bench-results`

const { values } = toolArguments(usage, {
  seconds: { kind: 'number', default: 8, least: 1 },
  only: { kind: 'text', default: '' },
  tls: { kind: 'flag' },
  profile: { kind: 'flag' },
  quotas: { kind: 'flag' },
})
const { seconds } = values
const BATCH_BYTES = 512 * 1024

const scenarios: Scenario[] = [
  ...[100, 1000].flatMap((recordBytes) =>
    [1, 16].flatMap((partitions) =>
      [1, 4].map((producers) => ({
        name: `flat out, ${recordBytes} B, ${partitions} partition${partitions > 1 ? 's' : ''}, ${producers} producer${producers > 1 ? 's' : ''}`,
        recordBytes,
        partitions,
        producers,
        rate: null,
      })),
    ),
  ),
  {
    name: '2,000 records/s, 1000 B, 1 partition, 1 producer',
    recordBytes: 1000,
    partitions: 1,
    producers: 1,
    rate: 2000,
  },
  {
    name: '2,000 records/s, 1000 B, 16 partitions, 4 producers',
    recordBytes: 1000,
    partitions: 16,
    producers: 4,
    rate: 2000,
  },
  {
    name: '20,000 records/s, 100 B, 16 partitions, 4 producers',
    recordBytes: 100,
    partitions: 16,
    producers: 4,
    rate: 20_000,
  },
]

async function runScenario(
  scenario: Scenario,
  files: CertificateFiles | null,
): Promise<{ scenario: Scenario; result: PublishResult; floor: FloorResult | null }> {
  // The floor goes first and alone: the same bytes in pieces of a batch, as many unacknowledged as the producer may
  // have.
  const floor =
    scenario.rate === null && files === null
      ? await runFloor({
          producers: scenario.producers,
          leaders: scenario.partitions === 1 ? 1 : 3,
          pieceBytes: BATCH_BYTES,
          windowBytes: 5 * BATCH_BYTES * Math.ceil(scenario.partitions / 3),
          seconds: Math.min(seconds, 5),
          keep: true,
        })
      : null
  const users = files === null ? null : await Users.inFolder()
  const secured = [...(users?.flags ?? []), '--tls', 'allowed', '--peer-tls', 'required']
  const cluster = await ClusterProcesses.start({
    flagsOf: (id) => (files === null ? [] : [...files.flagsOf(id), ...secured]),
    nodeFlags: (id) =>
      values.profile
        ? ['--cpu-prof', '--cpu-prof-dir', 'bench-results', '--cpu-prof-name', `broker-${id}.cpuprofile`]
        : [],
  })
  try {
    await users?.make(cluster, ['bench'])
    const result = await runPublish(cluster, {
      ...scenario,
      tls: files?.tls(),
      credentials: users?.credentials('bench'),
      seconds,
      warmSeconds: scenario.rate === null ? 2 : 8,
      batchBytes: scenario.rate === null ? BATCH_BYTES : 65_536,
      lingerMs: 1,
      outstanding: Math.ceil((24 << 20) / (scenario.recordBytes + 64) / scenario.producers),
    })
    await cluster.stopAll()
    return { scenario, result, floor }
  } finally {
    await cluster.destroy()
    await users?.remove()
  }
}

function row({ scenario, result, floor }: Awaited<ReturnType<typeof runScenario>>): string {
  const ratio = floor === null ? '' : `${((100 * result.megabytesPerSecond) / floor.megabytesPerSecond).toFixed(0)} %`
  const cells = [
    scenario.name,
    Math.round(result.recordsPerSecond).toLocaleString('en'),
    result.megabytesPerSecond.toFixed(1),
    floor === null ? '' : floor.megabytesPerSecond.toFixed(1),
    ratio,
    result.p50.toFixed(1),
    result.p99.toFixed(1),
    result.p999.toFixed(1),
    result.cpuSecondsPerMillionRecords.toFixed(2),
    result.syncsPerSecond.toFixed(0),
    (result.peakBrokerBytes / 1e6).toFixed(0),
    String(result.failures),
  ]
  return `| ${cells.join(' | ')} |`
}

/** With TLS and SCRAM, of the plain figures. */
function shares(plain: PublishResult, secure: PublishResult): string {
  const share = (read: (result: PublishResult) => number): string => (read(secure) / read(plain)).toFixed(2)
  const [cpu, p99] = [share((result) => result.cpuSecondsPerMillionRecords), share((result) => result.p99)]
  return `with TLS and SCRAM: ${share((result) => result.recordsPerSecond)} of the records/s, ${cpu} times the CPU, ${p99} times the p99`
}

/** Of a producer of 500 records/s beside others, of what it has alone. */
async function compareQuotas(): Promise<void> {
  for (const limited of [true, false]) {
    const { undisturbed, beside, readPerSecond, publishedPerSecond } = await runQuotas(seconds, limited)
    const [p50, p99] = [(beside.p50 / undisturbed.p50).toFixed(2), (beside.p99 / undisturbed.p99).toFixed(2)]
    const others = `others publish ${publishedPerSecond.toFixed(0)} and read ${readPerSecond.toFixed(0)} records/s`
    const alone = `alone p50 ${undisturbed.p50.toFixed(1)}, p99 ${undisturbed.p99.toFixed(1)} ms`
    const disturbed = `beside them p50 ${beside.p50.toFixed(1)}, p99 ${beside.p99.toFixed(1)} ms`
    console.log(`${limited ? 'quota' : 'no quota'}: ${alone}; ${disturbed}: ${p50} and ${p99} times; ${others}`)
  }
}

await mkdir('bench-results', { recursive: true })
if (values.quotas) {
  await compareQuotas()
  process.exit(0)
}
console.log(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, kernel ${release()}; durability D2; ${seconds} s each`,
)
console.log(
  '| scenario | records/s | MB/s | floor MB/s | of floor | p50 ms | p99 ms | p99.9 ms | CPU s per million | fsyncs/s | peak broker MB | failed |',
)
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
const results = []
const files = values.tls ? await CertificateFiles.create() : null
for (const scenario of scenarios) {
  if (!scenario.name.includes(values.only)) continue
  const outcome = await runScenario(scenario, null)
  results.push(outcome)
  console.log(row(outcome))
  if (files === null) continue
  const secure = await runScenario({ ...scenario, name: `${scenario.name}, TLS and SCRAM` }, files)
  results.push(secure)
  console.log(row(secure))
  console.log(`|   ${shares(outcome.result, secure.result)} |`)
}
await files?.remove()
await writeFile('bench-results/publish.json', JSON.stringify({ node: process.version, seconds, results }, null, 2))
process.exit(0)
