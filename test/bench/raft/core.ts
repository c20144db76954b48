/**
 * npx node test/bench/raft/core.ts [--against FOLDER] [--rounds N] [--window N,M]: entries for each second of processor
 * time through three consensus cores that are joined only by function calls: a proposal, an append to either follower,
 * three fsyncs that take no time, two acknowledgements, the commit. With the folder of another working copy of this
 * repository its core is measured in turns with this one, and the ratio of the best of each is printed.
 *
 * Every measurement is a process of its own, so that no core inherits caches and call sites from another.
 */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { RaftOptions, RaftStart } from '../../../broker/src/raft/config.ts'
import type { RaftCore } from '../../../broker/src/raft/core.ts'
import type { createRaft } from '../../../broker/src/raft/group.ts'
import type { RaftMessage } from '../../../broker/src/raft/messages.ts'

type Create = typeof createRaft

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    window: { type: 'string', default: '1,16' },
    /** Only this core, once. */
    of: { type: 'string' },
  },
})
const HERE = fileURLToPath(new URL('../../..', import.meta.url))
/** The warm-up until the compilers are done, and the measured part. */
const WARM_UP_ENTRIES = 200_000
const ENTRIES = 600_000
/** Entries between two ticks: heartbeats are a part of the work. */
const ENTRIES_A_TICK = 100
const IDS = [1, 2, 3]

const start: RaftStart = {
  hardState: { term: 0, votedFor: 0 },
  prevIndex: 0,
  prevTerm: 0,
  lastIndex: 0,
  nextOffset: 0,
  terms: [],
  configurations: [],
  commitHint: 0,
}

function optionsOf(id: number): RaftOptions {
  return {
    id,
    configuration: { voters: IDS, outgoing: [], learners: [] },
    electionTicks: 20,
    heartbeatTicks: 2,
    maxAppendBytes: 1_000_000,
    maxInflightAppends: 64,
    maxInflightBytes: 16_000_000,
    maxUncommittedBytes: 16_000_000,
    controlBytes: 100,
    announceCommit: false,
    random: (bound) => (id * 7) % bound,
  }
}

/** Three cores; each message of one reaches the others at once. */
class Trio {
  readonly cores: readonly RaftCore[]
  #mail: RaftMessage[] = []

  constructor(create: Create) {
    this.cores = IDS.map((id) => create(optionsOf(id), start))
    this.cores[0]!.campaign()
    this.settle()
    if (this.cores[0]!.role !== 'leader') throw new Error('broker 1 does not lead')
  }

  /** Proposes `window` entries at once; returns when all three have them, and the leader has committed them. */
  commit(window: number): void {
    const leader = this.cores[0]!
    for (let i = 0; i < window; i++) leader.propose({ records: 10, bytes: 1000 })
    this.settle()
  }

  tick(): void {
    for (const core of this.cores) core.tick()
    this.settle()
  }

  settle(): void {
    for (;;) {
      for (const core of this.cores) this.#drain(core)
      const mail = this.#mail
      if (mail.length === 0) return
      this.#mail = []
      for (const message of mail) this.cores[message.to - 1]!.step(message)
    }
  }

  #drain(core: RaftCore): void {
    while (core.hasReady()) {
      const ready = core.ready()
      for (const message of ready.send) this.#mail.push(message)
      if (ready.hardState !== null || ready.truncateFrom !== null || ready.append.length > 0)
        core.persisted(ready.number)
      for (const message of ready.sendAfterPersist) this.#mail.push(message)
    }
  }
}

/** Commits so many entries. */
function run(trio: Trio, window: number, entries: number): void {
  let untilTick = ENTRIES_A_TICK
  for (let done = 0; done < entries; done += window) {
    trio.commit(window)
    untilTick -= window
    if (untilTick > 0) continue
    trio.tick()
    untilTick = ENTRIES_A_TICK
  }
}

/** Entries for each second of processor time: other processes on the machine count less than by the clock. */
async function measure(folder: string, window: number): Promise<number> {
  const { createRaft: create } = await import(resolve(folder, 'broker/src/raft/group.ts'))
  const trio = new Trio(create as Create)
  run(trio, window, WARM_UP_ENTRIES)
  const before = process.cpuUsage()
  run(trio, window, ENTRIES)
  const { user, system } = process.cpuUsage(before)
  return (ENTRIES * 1e6) / (user + system)
}

function measureApart(folder: string, window: number): number {
  const args = [fileURLToPath(import.meta.url), '--of', folder, '--window', String(window)]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout)
}

/** Other work of the machine can only slow a measurement down. */
function best(rates: readonly number[]): number {
  return Math.max(...rates)
}

function compare(window: number): string {
  const folders = values.against === undefined ? [HERE] : [HERE, resolve(values.against)]
  const rates = folders.map((): number[] => [])
  for (let round = 0; round < Number(values.rounds); round++) {
    folders.forEach((folder, i) => void rates[i]!.push(measureApart(folder, window)))
  }
  const [present, other] = rates.map(best)
  const told = `${window} at a time: ${Math.round(present!)} entries/s of processor time`
  return other === undefined ? told : `${told}, against ${Math.round(other)}: ${(present! / other).toFixed(3)}`
}

if (values.of !== undefined) console.log(await measure(values.of, Number(values.window)))
else for (const window of values.window.split(',')) console.log(compare(Number(window)))
