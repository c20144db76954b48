import { parentPort, workerData } from 'node:worker_threads'
import { runBrokerSeed } from './broker/run-broker-seed.ts'
import { runSeed } from './core/run-seed.ts'
import type { Kind } from './failure-file.ts'
import { writeFailure } from './failure-file.ts'

/** The report of a worker after each turn. */
export interface Turn {
  readonly kind: Kind
  readonly seeds: number
  readonly events: number
  readonly seconds: number
  /** The failure, and the file with its history. */
  readonly failure: { readonly seed: number; readonly message: string; readonly path: string } | null
}

export interface Share {
  readonly from: number
  readonly step: number
  readonly until: number
}

/** How long core worlds and worlds of whole brokers take turns. */
const TURN_NANOSECONDS = 3_000_000_000n

const { from, step, until } = workerData as Share
let seed = from
for (let kind: Kind = 'core'; Date.now() < until; kind = kind === 'core' ? 'whole' : 'core') {
  const turn = await take(kind)
  parentPort!.postMessage(turn)
  if (turn.failure !== null) break
}

async function take(kind: Kind): Promise<Turn> {
  const begin = process.hrtime.bigint()
  const spent = (): bigint => process.hrtime.bigint() - begin
  let [seeds, events] = [0, 0]
  while (spent() < TURN_NANOSECONDS && Date.now() < until) {
    const result = kind === 'core' ? runSeed(seed) : await runBrokerSeed(seed)
    const found = 'violation' in result ? result.violation : result.finding
    seeds++
    events += result.events
    if (found !== null) {
      const seconds = Number(spent()) / 1e9
      const failure = { seed, message: found.message, path: await writeFailure(kind, seed) }
      return { kind, seeds, events, seconds, failure }
    }
    seed += step
  }
  return { kind, seeds, events, seconds: Number(spent()) / 1e9, failure: null }
}
