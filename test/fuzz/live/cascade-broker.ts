import { type CascadeReport, crc32c, encodeFrame, type Message, TailraceError } from '@tailrace/schemas'
import { CascadeNode } from '../../../broker/src/cascade/node.ts'
import {
  type Answer,
  type Answers,
  type AskedName,
  ScriptedSource,
} from '../../../broker/src/cascade/testing/scripted-source.ts'
import { checkBeatReply } from '../../../broker/src/cascade/wire/beat-checks.ts'
import { beatReplyFields, topicPageFields } from '../../../broker/src/cascade/wire/cascade-fields.ts'
import type { CascadeBeat, CascadeBeatReply } from '../../../broker/src/cascade/wire/cascade-messages.ts'
import type { LogStorage, StateStore } from '../../../broker/src/log/log-storage.ts'
import { openLogStorage } from '../../../broker/src/log/open.ts'
import { answerFrom } from '../../../broker/src/platform/http-answer.ts'
import type { HttpClient } from '../../../broker/src/platform/http-client.ts'
import type { MemoryDisk } from '../../../broker/src/platform/memory/disk.ts'
import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { seededRandom } from '../../../broker/src/platform/testing/random.ts'
import { anonymousSession } from '../../../broker/src/security/identity/session.ts'
import { encodeHeader, ownDecoder } from '../../../schemas/src/protocol.ts'
import { sampleMessages } from '../../../schemas/src/testing/sample-messages.ts'
import { joined } from '../target.ts'
import { answerFrame } from './answer-frame.ts'
import { checkTables } from './sound-tables.ts'

export const SELF = 7
const SOURCE = 's:1'
const smallFiles = { journalFileBytes: 1 << 18, segmentBytes: 1 << 14, tailBytes: 1 << 16, directBytes: 1 << 13 }
/** Messages of V8 for a value of an unexpected type. */
const surprise =
  /Cannot (read|set|destructure|convert)|is not (a function|iterable|defined|an object)|is undefined|Invalid (array|typed)/

/** Questions to a source: the first three on the WebSocket, the others over HTTP. */
export const questions = ['beat', 'topics', 'security', 'topic', 'created', 'status', 'audit'] as const
export type Question = (typeof questions)[number]
const asked = {
  CascadeBeat: 'beat',
  CascadeTopics: 'topics',
  CascadeSecurity: 'security',
} as const satisfies Record<AskedName, Question>

export function reportOf(broker: number, changes: Partial<CascadeReport> = {}): CascadeReport {
  return {
    broker,
    directoryId: `d${broker}`,
    http: `h:${broker}`,
    level: 2,
    home: 2,
    source: SELF,
    pinned: 0,
    lagRecords: 0,
    lagBytes: 0,
    lagMs: 0,
    partitions: 2,
    stopped: 0,
    ageMs: 0,
    featureLevels: { lowest: 1, highest: 1 },
    ...changes,
  }
}

const flights = { name: 'flights', id: 't1', config: {} }
const partitions = [0, 1].map((partition) => ({
  partition,
  leader: 1,
  term: 3,
  replicas: [1],
  inSync: [1],
  logStart: 0,
  highWatermark: 4,
}))
const featureLevels = { lowest: 1, highest: 1 }
export const beatReply: Answers['CascadeBeat'] = {
  clusterId: 'c',
  broker: 1,
  level: 0,
  ancestors: [1],
  topics: 'digest',
  topicsVersion: 3,
  caughtUp: true,
  security: sampleMessages.CascadeSecurityReply.digest,
  assignments: [{ broker: SELF, source: 1, pin: null }],
  metadataLeader: 1,
  featureLevel: 1,
  brokers: [
    { id: 1, http: SOURCE, peer: 'p:1', level: 0, alive: true, pid: 5, featureLevels },
    { id: 2, http: 's:2', peer: 'p:2', level: 0, alive: true, pid: 6, featureLevels: null },
  ],
}
const { topics: flightsOnly } = topicPageFields({
  digest: 'digest',
  version: 3,
  total: 1,
  topics: [{ ...flights, partitions: 2, replicas: 1 }],
})
export const topicsReply: Answers['CascadeTopics'] = { digest: 'digest', version: 3, total: 1, topics: flightsOnly }
const { correlation: _, ...securityReply } = sampleMessages.CascadeSecurityReply
export const honestAnswers: Readonly<Record<Question, unknown>> = {
  beat: beatReply,
  topics: topicsReply,
  security: securityReply,
  topic: { ...flights, partitions },
  created: { ...flights, partitions: 2, replicas: 1 },
  status: { brokers: [{ ...reportOf(SELF), assigned: 1 }] },
  audit: { records: [] },
}

/** The answers of a source, in order; an honest answer when none is left. */
export interface Lie {
  readonly question: Question
  /** False: with an error. */
  readonly ok: boolean
  /** JSON of the answer. */
  readonly text: string
  /** On the WebSocket, in the place of the JSON: the Avro header behind the correlation. */
  readonly header?: Uint8Array
}

/** Takes the next lie about this question out of the list. */
function nextLie(left: Lie[], question: Question): Lie | undefined {
  const at = left.findIndex((lie) => lie.question === question)
  return at < 0 ? undefined : left.splice(at, 1)[0]
}

/** A source on the WebSocket. It is honest where Avro cannot carry the lie. */
function sourceSockets(left: Lie[]): ScriptedSource {
  return new ScriptedSource((name, correlation): Answer => {
    const honest = honestAnswers[asked[name]] as object
    const lie = nextLie(left, asked[name])
    if (lie === undefined) return honest
    if (!lie.ok) return failure(correlation, lie.text)
    if (lie.header !== undefined) return answerFrame(`${name}Reply`, correlation, lie.header)
    try {
      const fields = { ...JSON.parse(lie.text), correlation } as Message<`${AskedName}Reply`>
      return joined(encodeFrame(`${name}Reply`, fields))
    } catch {
      return honest
    }
  })
}

function failure(correlation: number, text: string): Uint8Array {
  const { code, message } = parsed(text) as { code?: unknown; message?: unknown }
  const error = { code: String(code), message: String(message), retriable: false, hint: '' }
  return joined(encodeFrame('Failure', { correlation, error }))
}

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

interface Kept {
  readonly disk: MemoryDisk
  readonly store: StateStore
}

/** A cascade broker whose source answers by a script. */
export class CascadeBroker {
  readonly clock: ManualClock
  readonly node: CascadeNode
  /** Errors of the language that were logged or answered. */
  readonly mistakes: unknown[]
  readonly #storage: LogStorage

  private constructor(clock: ManualClock, node: CascadeNode, storage: LogStorage, mistakes: unknown[]) {
    this.clock = clock
    this.node = node
    this.mistakes = mistakes
    this.#storage = storage
  }

  /** @throws TailraceError for a store with which a broker does not start */
  static async open(kept: Kept, lies: readonly Lie[] = []): Promise<CascadeBroker> {
    const clock = new ManualClock(1.7e12)
    const mistakes: unknown[] = []
    const note = (fields: object): void => {
      const { err, error } = fields as { err?: unknown; error?: unknown }
      if (err !== undefined && !(err instanceof TailraceError)) mistakes.push(err)
      if (surprise.test(String(error ?? err)) || String(error) === unexpected) mistakes.push(new Error(String(error)))
    }
    const logger = { info: () => {}, warn: note, error: note }
    const storage = await openLogStorage(
      { disk: kept.disk.mount(), clock, crc32c },
      { ...smallFiles, folder: 'log', diskReserveBytes: 0 },
    )
    const left = [...lies]
    const node = await CascadeNode.open({
      crypto: nodeCrypto,
      brokerId: SELF,
      http: 'h:7',
      sources: [SOURCE],
      storage,
      store: kept.store,
      client: sourceOf(left),
      sockets: sourceSockets(left),
      certified: () => true,
      clock,
      random: seededRandom(1),
      crc32c,
      logger,
      readyLagMs: 10_000,
    })
    return new CascadeBroker(clock, node, storage, mistakes)
  }

  /** Lets so much time pass. */
  pass(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  /** The outcome of a request, which may take long. Null: refused, with an error of ours. */
  async asked<Result>(request: () => Promise<Result>): Promise<Result | null> {
    let result: { readonly value: Result | null } | undefined
    request().then(
      (value) => (result = { value }),
      (error: unknown) => {
        result = { value: null }
        if (!(error instanceof TailraceError) || error.message === unexpected) this.mistakes.push(error)
      },
    )
    for (let ms = 0; result === undefined && ms < MOST_MS; ms += ms === 0 ? 1 : 500) await this.pass(ms === 0 ? 0 : 500)
    if (result === undefined) throw new Error(`no answer in ${MOST_MS} ms`)
    return result.value
  }

  async close(): Promise<void> {
    this.node.close()
    const closing = this.#storage.close()
    await this.pass(0)
    await closing
  }
}

/** The text of INTERNAL in the error table without a detail: an error of the language became one. */
const unexpected = new TailraceError('INTERNAL').message
const MOST_MS = 60_000

function questionOf(method: string, path: string): Question {
  if (path === '/cascade') return 'status'
  if (path === '/cluster/audit') return 'audit'
  return method === 'POST' ? 'created' : 'topic'
}

function sourceOf(left: Lie[]): HttpClient {
  return {
    async request(method, address, path) {
      const question = questionOf(method, path)
      const lie = nextLie(left, question)
      if (lie !== undefined) return answerFrom(lie.text, lie.ok, address)
      return structuredClone(honestAnswers[question])
    },
  }
}

/** The requests of a broker below to this one. */
export const beatFromBelow: CascadeBeat = { clusterId: '', broker: 21, reports: [reportOf(21)] }

/** The answer to a beat as a broker below reads it. */
export function asHeardBelow(reply: CascadeBeatReply): CascadeBeatReply {
  const header = encodeHeader('CascadeBeatReply', { correlation: 1, ...beatReplyFields(reply) }, 0)
  return checkBeatReply(ownDecoder.decode('CascadeBeatReply', header), 'this broker')
}

/**
 * All its state that others can see can be written as JSON, its tables are sound, and a broker below can use its
 * answers.
 */
export async function checkView(broker: CascadeBroker): Promise<void> {
  const { node } = broker
  checkTables(node.tables)
  const { api, control, admin } = node
  JSON.stringify([node.report(), node.lag, api.readiness(), api.listTopics(), api.topicsVersion(), api.routing([])])
  JSON.stringify(await api.describeCluster())
  for (const { name, partitions } of api.listTopics()) {
    if (api.routing([name]).topics[0]?.partitions.length !== partitions) throw new Error(`partitions of ${name}`)
  }
  const described = await broker.asked(() => api.describeTopic('flights'))
  for (const { leader, term, replicas, inSync } of described?.partitions ?? []) {
    const numbers = [leader, term, ...replicas, ...inSync]
    if (!numbers.every(Number.isSafeInteger)) throw new Error(`a partition with ${numbers}`)
  }
  const created = await broker.asked(() => api.createTopic({ name: 'flights', partitions: 2, replicas: 1 }))
  if (created !== null && typeof created.name !== 'string') throw new Error('a topic without a name')
  const status = await broker.asked(() => control.status())
  for (const { broker: id } of status?.brokers ?? []) if (!Number.isSafeInteger(id)) throw new Error(`broker ${id}`)
  await broker.asked(() => admin.for(anonymousSession('127.0.0.1')).audit())
  const heard = await broker.asked(() => control.beat(beatFromBelow))
  if (heard !== null) asHeardBelow(heard)
  encodeHeader('CascadeTopicsReply', { correlation: 1, ...topicPageFields(control.topicPage(0)) }, 0)
}
