import { parseArgs } from 'node:util'
import { isBrokerDefect, replayBrokers, runManyBrokers } from './broker/cli.ts'
import { brokerDefectNames } from './broker/run-broker-seed.ts'
import { runHours } from './long-run.ts'
import { type DefectName, defectNames, runSeed, type SmallerHistory } from './run-seed.ts'
import { absenceNames } from './without-faults.ts'

const usage = `npm run sim -- --seed N [--trace] [--without FAULT[,FAULT] --turn T] | --seeds COUNT [--from N] | --hours H   [--defect NAME[,NAME]]
  --whole: whole brokers in the place of the consensus core; then also [--without FAULT[,FAULT]] [--fault-ms MS]
faults that can be left out: ${absenceNames.join(' ')}
defects: ${defectNames.join(' ')}
with --whole: ${brokerDefectNames.join(' ')}`

/** Replays one seed, or runs many. Exit code 0: no violation; 1: a violation; 2: wrong arguments. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      defect: { type: 'string' },
      trace: { type: 'boolean', default: false },
      hours: { type: 'string' },
      whole: { type: 'boolean', default: false },
      brokers: { type: 'boolean', default: false },
      without: { type: 'string' },
      'fault-ms': { type: 'string' },
      turn: { type: 'string', default: '0' },
    },
  })
  if (values.hours !== undefined) return runHours(Number(values.hours))
  const defects = values.defect === undefined ? [] : values.defect.split(',')
  if (values.whole || values.brokers) return whole(values, defects)
  const unknown = defects.find((name) => !defectNames.includes(name as DefectName))
  if (unknown !== undefined) return refuse(`unknown defect "${unknown}"`)
  const without = values.without === undefined || values.without === '' ? [] : values.without.split(',')
  const strange = without.find((name) => !absenceNames.includes(name))
  if (strange !== undefined) return refuse(`unknown class of faults "${strange}"`)
  const smaller = { without, turn: count(values.turn) }
  if (values.seed !== undefined) return replay(count(values.seed), defects as DefectName[], values.trace, smaller)
  if (values.seeds !== undefined) return runMany(count(values.from), count(values.seeds), defects as DefectName[])
  return refuse('one of --seed, --seeds and --hours is needed')
}

interface WholeArguments {
  readonly seed?: string | undefined
  readonly seeds?: string | undefined
  readonly from: string
  readonly trace: boolean
  readonly without?: string | undefined
  readonly 'fault-ms'?: string | undefined
}

async function whole(values: WholeArguments, defects: readonly string[]): Promise<number> {
  const unknown = defects.find((name) => !isBrokerDefect(name))
  if (unknown !== undefined) return refuse(`unknown defect "${unknown}"`)
  const faultMs = values['fault-ms']
  const options = {
    defects: defects.filter(isBrokerDefect),
    without: values.without?.split(',') ?? [],
    ...(faultMs === undefined ? {} : { faultMs: count(faultMs) }),
    ...(values.trace ? { trace: (line: string) => console.log(line) } : {}),
  }
  if (values.seed !== undefined) return replayBrokers(count(values.seed), options)
  if (values.seeds !== undefined) return runManyBrokers(count(values.from), count(values.seeds), options)
  return refuse('either --seed or --seeds is needed')
}

function replay(seed: number, defects: readonly DefectName[], trace: boolean, smaller: SmallerHistory): number {
  const result = runSeed(seed, defects, trace ? (line) => console.log(line) : null, smaller)
  const { options, violation, ...figures } = result
  console.log(JSON.stringify(options, null, 2))
  console.log(JSON.stringify(figures))
  console.log(violation === null ? 'no violation' : `VIOLATION ${violation.message}`)
  return violation === null ? 0 : 1
}

function runMany(from: number, seeds: number, defects: readonly DefectName[]): number {
  const begin = process.hrtime.bigint()
  const failures = new Map<string, number>()
  let events = 0
  let elections = 0
  let committed = 0
  let reads = 0
  let installs = 0
  let changes = 0
  let transfers = 0
  let slumbers = 0
  for (let seed = from; seed < from + seeds; seed++) {
    const result = runSeed(seed, defects)
    events += result.events
    elections += result.elections
    committed += result.committed
    reads += result.reads
    installs += result.installs
    changes += result.changes
    transfers += result.transfers
    slumbers += result.slumbers
    if (result.violation === null) continue
    const { property } = result.violation
    if (!failures.has(property)) console.log(`seed ${seed}: VIOLATION ${result.violation.message}`)
    failures.set(property, (failures.get(property) ?? 0) + 1)
  }
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  const rate = Math.round(events / seconds)
  console.log(
    `${seeds} seeds from ${from}: ${events} events in ${seconds.toFixed(1)} s (${rate} events/s), ${elections} elections, ${committed} entries committed, ${reads} reads, ${installs} states installed, ${changes} changes of members, ${transfers} transfers, ${slumbers} slumbers`,
  )
  for (const [property, times] of failures) console.log(`${property}: ${times} seeds`)
  return failures.size === 0 ? 0 : 1
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) process.exit(refuse(`"${text}" is not a whole number`))
  return value
}

function refuse(reason: string): number {
  console.error(`${reason}\n${usage}`)
  return 2
}

process.exitCode = await main()
