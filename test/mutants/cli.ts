import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importGraph } from '../architecture/import-graph.ts'
import { type ParsedSource, parseTree } from '../architecture/parsed-source.ts'
import { isTest, readTree, root, type Tree } from '../architecture/source-tree.ts'
import { toolArguments } from '../tool-arguments.ts'
import { changedLines } from './changed-lines.ts'
import { choose, isMutated } from './choose.ts'
import { type Equivalent, isEquivalent } from './equivalents.ts'
import { Jury } from './jury.ts'
import { type Mutant, mutantsOf } from './operators.ts'
import { plantedBugs } from './planted.ts'
import { relatedTests } from './related-tests.ts'
import { isKilled, killedBefore, nameOf, Report } from './report.ts'
import { digests, SoundRuns } from './sound-runs.ts'
import { inParallel, tryMutant, type Verdict } from './trial.ts'
import { Workshop } from './workshop.ts'

const usage = `npm run mutants -- [--count 300] [--seed 1] [--only PATH] [--changed BASE] [--planted] [--jobs 2] [--least 95]
Breaks the code in one small place at a time and runs the tests that can notice. A mutant that no test notices survives.
  --only PATH     mutants of the files whose path begins so
  --changed BASE  mutants of the lines that differ from BASE
  --planted       the bugs of test/mutants/planted alone
  --resume        goes on after the last report with the same choice: what was killed is not tried again, what survived is
Exit code 0: at least --least per cent were killed, and every planted bug; 1: fewer; 2: wrong arguments.
Verdicts are in .tmp/mutants/report.json, each as soon as it is known.`

const SCORE_EVERY = 10
const folder = join(root, '.tmp', 'mutants')

interface Choice {
  readonly count: number
  readonly seed: number
  readonly only: string | undefined
  readonly changed: string | undefined
}

function chosen(tree: Tree, values: Choice): Mutant[] {
  const known = JSON.parse(tree.get('test/mutants/equivalents.json')!) as Equivalent[]
  const changes = values.changed === undefined ? null : changedLines(values.changed)
  const byFile = new Map<string, Mutant[]>()
  for (const [file, text] of tree) {
    if (!isMutated(file) || isTest(file) || !file.startsWith(values.only ?? '')) continue
    const lines = changes?.get(file)
    if (changes !== null && lines === undefined) continue
    const mutants = mutantsOf(file, text).filter((mutant) => !isEquivalent(known, mutant, text))
    byFile.set(file, lines === undefined ? mutants : mutants.filter(({ line }) => lines.has(line)))
  }
  return choose(byFile, values.count, values.seed)
}

/** Survivors one by one, and the score from time to time. */
function tell(verdict: Verdict, report: Report): void {
  if (!isKilled(verdict)) {
    const { file, line, operator, before, after, outcome } = verdict
    const [from, to] = [before, after].map((text) => text.replace(/\s+/g, ' ').slice(0, 80))
    console.log(`${outcome}: ${file}:${line} ${operator}: ${from} -> ${to}`)
  }
  if (report.tried % SCORE_EVERY === 0) console.log(report.score)
}

/** An import of types alone is gone when the code runs: a test behind it notices nothing. */
function runningParts(tree: Tree): ParsedSource[] {
  return parseTree(tree).map((source) => {
    return { ...source, imports: source.imports.filter(({ typesOnly }) => !typesOnly) }
  })
}

async function tryAll(mutants: readonly Mutant[], tree: Tree, jobs: number, report: Report): Promise<void> {
  const graph = importGraph(runningParts(tree))
  const workshops = Array.from({ length: jobs }, (_, at) => new Workshop(`${process.pid}-${at}`))
  const removeAll = () => {
    for (const workshop of workshops) workshop.remove()
  }
  // Without it the folders would stay, and the findings would be lost.
  process.once('SIGINT', () => {
    removeAll()
    console.log(report.score)
    process.exit(130)
  })
  const sound = new SoundRuns(join(folder, 'sound-runs.jsonl'), digests(tree, graph))
  const jury = new Jury(sound)
  try {
    await inParallel(mutants, workshops, async (mutant, workshop) => {
      const tests = relatedTests(graph, mutant.file)
      const verdict = await tryMutant(workshop, jury, tree.get(mutant.file)!, mutant, tests)
      report.add(verdict)
      tell(verdict, report)
    })
  } finally {
    removeAll()
  }
  // If any test fails on sound code, a survivor says little.
  for (const test of sound.failing) console.log(`not asked, as it fails on sound code: ${test}`)
}

async function main(): Promise<number> {
  const { values } = toolArguments(usage, {
    count: { kind: 'whole number', default: 300 },
    seed: { kind: 'whole number', default: 1 },
    jobs: { kind: 'whole number', default: 2, least: 1 },
    least: { kind: 'whole number', default: 95 },
    only: { kind: 'text' },
    changed: { kind: 'text' },
    planted: { kind: 'flag' },
    resume: { kind: 'flag' },
  })
  const tree = readTree()
  const operators = values.planted ? [] : chosen(tree, values)
  const isPart = values.only !== undefined || values.changed !== undefined
  const planted = isPart ? [] : plantedBugs((path) => readFileSync(join(root, path), 'utf8'))
  const mutants = [...planted, ...operators]
  const path = join(folder, 'report.json')
  const killed = values.resume ? killedBefore(path, mutants) : []
  const known = new Set(killed.map(nameOf))
  const report = new Report(path, values.seed, mutants.length, killed)
  const untried = mutants.filter((mutant) => !known.has(nameOf(mutant)))
  await tryAll(untried, tree, values.jobs, report)
  console.log(report.score)
  return report.share >= values.least && report.plantedSurvivors === 0 ? 0 : 1
}

process.exitCode = await main()
