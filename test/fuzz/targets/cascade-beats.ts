import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { reportOf } from '../live/cascade-broker.ts'
import { CascadeControls } from '../live/cascade-controls.ts'
import { withoutLooseErrors } from '../loose-errors.ts'
import { oddJson } from '../odd-json.ts'
import { type FuzzTarget, text, type Verdict } from '../target.ts'

const MOST_REQUESTS = 8

const report = reportOf(21, { level: 1, home: 1, source: 2 })
const below = reportOf(22, { source: 21 })
const bodies = {
  beat: { clusterId: 'c', broker: 21, topics: '', reports: [report, below] },
  assign: { source: 1 },
  question: { about: 'beat', reports: [report, below] },
  choice: { about: 'assign', broker: 21, source: 2 },
}
const names = Object.keys(bodies) as (keyof typeof bodies)[]
/** A block's kind says which request it is, and whether it has these bytes as a body, or odd parts in a sound one. */
const kindOf = (name: keyof typeof bodies, isOdd: boolean): number => names.indexOf(name) + (isOdd ? names.length : 0)

function sound(name: keyof typeof bodies, changes: object = {}): Block {
  return { kind: kindOf(name, false), bytes: text(JSON.stringify({ ...bodies[name], ...changes })) }
}

function odd(name: keyof typeof bodies, ...choices: number[]): Block {
  return { kind: kindOf(name, true), bytes: Uint8Array.from(choices) }
}

async function hear(input: Uint8Array): Promise<Verdict> {
  const controls = new CascadeControls()
  let verdict: Verdict = 'refused'
  for (const { kind, bytes } of blocksOf(input).slice(0, MOST_REQUESTS)) {
    const name = names[kind % names.length]!
    const isOdd = Math.floor(kind / names.length) % 2 === 1
    const body = isOdd ? text(oddJson(bodies[name], bytes)) : bytes
    if (name === 'question' || name === 'choice') {
      if (await controls.question(new TextDecoder().decode(body))) verdict = 'taken'
      continue
    }
    const path = name === 'beat' ? '/cascade/beat' : '/cascade/brokers/21/source'
    const status = await controls.request(name === 'beat' ? 'POST' : 'PUT', path, body)
    if (status === 500) throw new Error(`a ${name} is answered with status 500`)
    if (status < 300) verdict = 'taken'
  }
  await controls.check()
  return verdict
}

/** What cascade brokers say to brokers of level 0 over HTTP, and what those ask each other about them. */
export const cascadeBeats: FuzzTarget = {
  name: 'cascade-beat',
  samples: [
    [sound('beat'), sound('beat', { topics: 'digest', reports: [report] }), sound('question')],
    [odd('beat'), odd('beat', 7, 9), odd('beat', 12, 20, 3, 4), odd('question', 4, 1)],
    [odd('beat', 17, 18), sound('assign'), odd('assign', 1, 10), sound('choice')],
    [sound('beat', { reports: [report, below, reportOf(23, { source: 22 })] }), odd('choice', 2, 12), odd('question')],
    [sound('question'), sound('beat', { clusterId: 'other' }), sound('beat', { broker: 1 })],
  ].map(bytesOf),
  run: (input) => withoutLooseErrors(() => hear(input)),
}
