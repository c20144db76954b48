import { encodeHeader } from '../../../schemas/src/protocol.ts'
import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { reportOf } from '../live/cascade-broker.ts'
import { CascadeControls, type CascadeMessageName, messageNames } from '../live/cascade-controls.ts'
import { withoutLooseErrors } from '../loose-errors.ts'
import { oddJson } from '../odd-json.ts'
import { type FuzzTarget, text, type Verdict } from '../target.ts'

const MOST_REQUESTS = 8

const report = reportOf(21, { level: 1, home: 1, source: 2 })
const below = reportOf(22, { source: 21 })
const bodies = {
  CascadeBeat: { correlation: 1, clusterId: 'c', broker: 21, reports: [report, below] },
  CascadeReports: { correlation: 1, reports: [report, below] },
  AssignSource: { correlation: 1, broker: 21, source: 2 },
  CascadeStatus: { correlation: 1 },
  CascadeTopics: { correlation: 1, from: 0 },
  assign: { source: 1 },
}
type Name = keyof typeof bodies
const names = [...messageNames, 'assign'] as const satisfies readonly Name[]
/**
 * A block's kind chooses the request, and whether it is these bytes (an Avro header, or JSON over HTTP), or odd
 * parts in a sound one.
 */
const kindOf = (name: Name, isOdd: boolean): number => names.indexOf(name) + (isOdd ? names.length : 0)

function sound(name: Name, changes: object = {}): Block {
  const fields = { ...bodies[name], ...changes }
  const bytes = name === 'assign' ? text(JSON.stringify(fields)) : encodeHeader(name, fields as never, 0)
  return { kind: kindOf(name, false), bytes }
}

function odd(name: Name, ...choices: number[]): Block {
  return { kind: kindOf(name, true), bytes: Uint8Array.from(choices) }
}

/** The header of a message with odd parts; null where Avro cannot carry it. */
function oddHeader(name: CascadeMessageName, choices: Uint8Array): Uint8Array | null {
  try {
    return encodeHeader(name, JSON.parse(oddJson(bodies[name], choices)), 0)
  } catch {
    return null
  }
}

async function hear(input: Uint8Array): Promise<Verdict> {
  const controls = new CascadeControls()
  let verdict: Verdict = 'refused'
  for (const { kind, bytes } of blocksOf(input).slice(0, MOST_REQUESTS)) {
    const name = names[kind % names.length]!
    const isOdd = Math.floor(kind / names.length) % 2 === 1
    if (name !== 'assign') {
      const header = isOdd ? oddHeader(name, bytes) : bytes
      if (header !== null && (await controls.message(name, header))) verdict = 'taken'
      continue
    }
    const body = isOdd ? text(oddJson(bodies.assign, bytes)) : bytes
    const status = await controls.request('PUT', '/cascade/brokers/21/source', body)
    if (status === 500) throw new Error('an assignment is answered with status 500')
    if (status < 300) verdict = 'taken'
  }
  await controls.check()
  return verdict
}

/** Requests of cascade brokers and operators to brokers of level 0, and of these to each other. */
export const cascadeBeats: FuzzTarget = {
  name: 'cascade-beat',
  samples: [
    [sound('CascadeBeat'), sound('CascadeBeat', { clusterId: '', reports: [report] }), sound('CascadeReports')],
    [odd('CascadeBeat'), odd('CascadeBeat', 7, 9), odd('CascadeBeat', 12, 20, 3, 4), odd('CascadeReports', 4, 1)],
    [odd('CascadeBeat', 17, 18), sound('assign'), odd('assign', 1, 10), sound('AssignSource')],
    [
      sound('CascadeBeat', { reports: [report, below, reportOf(23, { source: 22 })] }),
      odd('AssignSource', 2, 12),
      odd('CascadeReports'),
    ],
    [sound('CascadeReports'), sound('CascadeBeat', { clusterId: 'other' }), sound('CascadeBeat', { broker: 1 })],
    [sound('CascadeStatus'), sound('CascadeTopics'), odd('CascadeTopics', 2, 8), sound('CascadeTopics', { from: 1 })],
  ].map(bytesOf),
  run: (input) => withoutLooseErrors(() => hear(input)),
}
