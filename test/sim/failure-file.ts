import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runBrokerSeed } from './broker/run-broker-seed.ts'
import { shrink } from './broker/shrink.ts'
import { runSeed } from './core/run-seed.ts'
import { shrinkSeed } from './core/shrink.ts'

const FOLDER = fileURLToPath(new URL('../../.tmp/sim', import.meta.url))
/** Of a long history the end tells why it failed. */
const MOST_LINES = 20_000

export type Kind = 'core' | 'whole'

/** Runs a failing seed again, as small as it can be made, and writes its history to a file. Returns the file. */
export async function writeFailure(kind: Kind, seed: number): Promise<string> {
  const lines: string[] = []
  const trace = (line: string): void => void lines.push(line)
  const head = kind === 'core' ? tellCore(seed, trace) : await tellWhole(seed, trace)
  mkdirSync(FOLDER, { recursive: true })
  const path = join(FOLDER, `${kind}-${seed}.txt`)
  writeFileSync(path, `${[...head, ...lines.slice(-MOST_LINES)].join('\n')}\n`)
  return path
}

function tellCore(seed: number, trace: (line: string) => void): string[] {
  const { smaller } = shrinkSeed(runSeed(seed), [])
  const { violation, options } = runSeed(seed, [], trace, smaller)
  const { without, turn } = smaller
  return [
    `npm run sim -- --seed ${seed} --without ${without.join(',')} --turn ${turn} --trace`,
    String(violation?.message),
    JSON.stringify(options),
    '',
  ]
}

async function tellWhole(seed: number, trace: (line: string) => void): Promise<string[]> {
  const { options } = await shrink(await runBrokerSeed(seed), {})
  const { finding, swarm } = await runBrokerSeed(seed, { ...options, trace })
  const { without = [], faultMs } = options
  return [
    `npm run sim -- --whole --seed ${seed} --without ${without.join(',')} --fault-ms ${faultMs} --trace`,
    String(finding?.message),
    JSON.stringify(swarm),
    '',
  ]
}
