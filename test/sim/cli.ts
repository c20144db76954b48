import { refuseArguments, type ToolArguments, toolArguments } from '../tool-arguments.ts'
import { replayBrokers, runManyBrokers } from './broker/cli.ts'
import { brokerDefectNames, brokerFaultNames } from './broker/run-broker-seed.ts'
import { type DefectName, defectNames, runSeed, type SmallerHistory } from './core/run-seed.ts'
import { absenceNames } from './core/without-faults.ts'
import { runHours } from './long-run.ts'
import { runTree } from './tree/cli.ts'
import { treeDefectNames } from './tree/tree-defects.ts'
import { type Death, deaths } from './tree/tree-properties.ts'

const usage = `npm run sim -- --seed N [--trace] [--without FAULT[,FAULT]] [--turn T] | --seeds COUNT [--from N] | --hours H   [--defect NAME[,NAME]]
Replays one seed, runs many, or runs fresh ones for hours, on all cores.
  --whole  whole brokers in the place of the consensus core; then also [--without FAULT[,FAULT]] [--fault-ms MS] [--large-rounds] [--cascades] [--conditions] [--upkeep] [--consumer-groups]
  --tree N,N,…  with --seed: so many cascade brokers on level 1, 2 and so on; then also [--death ${deaths.join('|')}]
Exit code 0: no violation; 1: a violation; 2: wrong arguments.
faults that can be left out: ${absenceNames.join(' ')}
defects: ${defectNames.join(' ')}
faults with --whole: ${brokerFaultNames.join(' ')}
defects with --whole: ${brokerDefectNames.join(' ')}
defects with --tree: ${treeDefectNames.join(' ')}`

const options = {
  seed: { kind: 'whole number' },
  seeds: { kind: 'whole number', least: 1 },
  from: { kind: 'whole number', default: 1 },
  defect: { kind: 'list', among: [...new Set([...defectNames, ...brokerDefectNames, ...treeDefectNames])] },
  trace: { kind: 'flag' },
  hours: { kind: 'number' },
  whole: { kind: 'flag' },
  without: { kind: 'list', among: [...new Set([...absenceNames, ...brokerFaultNames])] },
  'fault-ms': { kind: 'whole number' },
  'large-rounds': { kind: 'flag' },
  cascades: { kind: 'flag' },
  conditions: { kind: 'flag' },
  upkeep: { kind: 'flag' },
  'consumer-groups': { kind: 'flag' },
  turn: { kind: 'whole number', default: 0 },
  tree: { kind: 'list' },
  death: { kind: 'text', among: deaths, default: deaths[0] },
} as const

async function main(): Promise<number> {
  const { values } = toolArguments(usage, options)
  if (values.hours !== undefined) return runHours(values.hours)
  if (values.seed === undefined && values.seeds === undefined)
    refuseArguments(usage, 'One of --seed, --seeds and --hours is needed.')
  if (values.tree.length > 0) return tree(values)
  if (values.whole) return whole(values)
  const defects = only(values.defect, defectNames, 'a defect of the core: it needs --whole')
  const without = only(values.without, absenceNames, 'a class of faults of the core: it needs --whole')
  if (values.seed !== undefined) return replay(values.seed, defects, values.trace, { without, turn: values.turn })
  return runMany(values.from, values.seeds!, defects)
}

async function tree(values: ToolArguments<typeof options>['values']): Promise<number> {
  const levels = values.tree.map(Number)
  if (values.seed === undefined || !levels.every((count) => Number.isSafeInteger(count) && count > 0))
    refuseArguments(usage, '--tree needs --seed and numbers of brokers, for example --tree 10,40,150 --seed 1.')
  const death = values.death as Death
  const defects = only(values.defect, treeDefectNames, 'a defect of a tree')
  return runTree(values.seed, { levels, death, defects, ...(values.trace && { trace: (line) => console.log(line) }) })
}

async function whole(values: ToolArguments<typeof options>['values']): Promise<number> {
  const faultMs = values['fault-ms']
  const chosen = {
    defects: only(values.defect, brokerDefectNames, 'a defect of whole brokers'),
    without: only(values.without, brokerFaultNames, 'a class of faults of whole brokers'),
    largeRounds: values['large-rounds'],
    cascades: values.cascades,
    conditions: values.conditions,
    upkeep: values.upkeep,
    consumerGroups: values['consumer-groups'],
    ...(faultMs === undefined ? {} : { faultMs }),
    ...(values.trace ? { trace: (line: string) => console.log(line) } : {}),
  }
  if (values.seed !== undefined) return replayBrokers(values.seed, chosen)
  return runManyBrokers(values.from, values.seeds!, chosen)
}

function only<Name extends string>(names: readonly string[], known: readonly Name[], what: string): Name[] {
  const strange = names.find((name) => !known.includes(name as Name))
  if (strange !== undefined) refuseArguments(usage, `"${strange}" is not ${what}.`)
  return names as Name[]
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

process.exitCode = await main()
