import { type Message, TailraceError } from '@tailrace/schemas'
import type { FastifyInstance } from 'fastify'
import { levelZeroControlOver, withCascade } from '../../../broker/src/cascade/control/leader-requests.ts'
import type { LevelZeroControl } from '../../../broker/src/cascade/control/level-zero-control.ts'
import { checkBeat } from '../../../broker/src/cascade/wire/beat-checks.ts'
import type { CascadeApi } from '../../../broker/src/cascade/wire/cascade-messages.ts'
import { MetadataState } from '../../../broker/src/cluster/metadata/metadata-state.ts'
import { cascadeRoutes } from '../../../broker/src/doors/http/routes/cascade.ts'
import { testSender, testServices } from '../../../broker/src/doors/testing/test-services.ts'
import { CascadeRequests } from '../../../broker/src/doors/ws/cascade-requests.ts'
import type { PeerHandlers, Peers } from '../../../broker/src/partition/peers.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { Authorizer } from '../../../broker/src/security/access/authorizer.ts'
import { noTables } from '../../../broker/src/security/security-tables.ts'
import { encodeHeader, ownDecoder } from '../../../schemas/src/protocol.ts'
import { asHeardBelow, reportOf } from './cascade-broker.ts'
import { doorWith } from './door.ts'

const LEADER = 1
const FOLLOWER = 2
const brokers = [LEADER, FOLLOWER].map((id) => ({
  id,
  http: `h:${id}`,
  peer: `p:${id}`,
  level: 0,
  alive: true,
  pid: id,
}))
const cluster = { clusterId: 'c', metadataLeader: LEADER, featureLevel: 1, brokers }
const topics = [{ name: 'flights', id: 't1', partitions: 2, replicas: 1, config: {} }]

/** The control that the routes of this process call at the moment. */
let present: CascadeApi
let app: FastifyInstance | undefined
const mistakes: unknown[] = []

const no = {} as never
const state = new MetadataState()
/** Everybody may do everything. */
const rules = { state, authorizer: new Authorizer({ mode: 'off', superUsers: [], tables: () => state.security }) }
const presentControl: CascadeApi = {
  beat: (beat) => present.beat(beat),
  topicPage: (from) => present.topicPage(from),
  securityPage: (from) => present.securityPage(from),
  status: () => present.status(),
  assign: (broker, source) => present.assign(broker, source),
}

/** The gateway's own routes with their checks. */
function routes(): Promise<FastifyInstance> {
  return doorWith(testServices({ api: no, admin: no, cascade: presentControl }), mistakes, cascadeRoutes)
}

/** Messages from a cascade broker, or from another broker of level 0. */
export const messageNames = ['CascadeBeat', 'CascadeReports', 'AssignSource', 'CascadeStatus', 'CascadeTopics'] as const
export type CascadeMessageName = (typeof messageNames)[number]

/**
 * Two brokers of level 0 as the sources of cascade brokers; the first leads the metadata group, and cascade brokers
 * send requests to the second.
 */
export class CascadeControls {
  readonly clock = new ManualClock(1.7e12)
  readonly #leader: LevelZeroControl
  readonly #follower: LevelZeroControl
  readonly #answers: PeerHandlers
  readonly #door: CascadeRequests

  constructor() {
    const nobody = async (): Promise<never> => Promise.reject(new TailraceError('LEADER_UNAVAILABLE'))
    this.#leader = this.#control(LEADER, { request: nobody })
    this.#answers = withCascade({ accepts: () => true } as unknown as PeerHandlers, this.#leader, rules)
    this.#follower = this.#control(FOLLOWER, { request: this.#toLeader as unknown as Peers['request'] })
    const { rights } = testSender(testServices({ api: no, admin: no, cascade: this.#follower }))
    this.#door = new CascadeRequests({ overfull: false }, { checkWrite() {}, rights })
  }

  #control(brokerId: number, peers: Pick<Peers, 'request'>): LevelZeroControl {
    const api = { brokerId, listTopics: () => topics, topicsVersion: () => 3, describeCluster: async () => cluster }
    return levelZeroControlOver(peers, { api, tables: noTables }, this.clock)
  }

  /**
   * A beat that the door accepts is taken by the leader too: the leader would refuse the whole beat for the report of
   * one broker.
   */
  readonly #toLeader = async (_to: number, name: 'CascadeReports', fields: object) => {
    try {
      return { fields: await this.#answered(name, encodeHeader(name, { ...fields, correlation: 1 } as never, 0)) }
    } catch (error) {
      if (error instanceof TailraceError && error.code === 'INVALID_REQUEST') mistakes.push(error)
      throw error
    }
  }

  /** The leader's answer to another broker of level 0, which is sent over the wire like the question. */
  async #answered(name: 'CascadeReports' | 'CascadeStatus' | 'AssignSource', header: Uint8Array): Promise<object> {
    const { fields } = await this.#answers.request(FOLLOWER, name, ownDecoder.decode(name, header), new Uint8Array())
    const reply = { ...fields, correlation: 1 } as Message<`${typeof name}Reply`>
    return ownDecoder.decode(`${name}Reply`, encodeHeader(`${name}Reply`, reply, 0))
  }

  async #heard(name: CascadeMessageName, header: Uint8Array): Promise<void> {
    if (name === 'CascadeBeat') {
      const reply = await this.#door.beat(ownDecoder.decode(name, header))
      encodeHeader('CascadeBeatReply', reply, 0)
    } else if (name === 'CascadeTopics') {
      encodeHeader('CascadeTopicsReply', this.#door.topics(ownDecoder.decode(name, header)), 0)
    } else await this.#answered(name, header)
  }

  /** One HTTP request; gives the status. An assignment is waited for as long as it takes. */
  async request(method: 'POST' | 'PUT' | 'GET', url: string, body: Uint8Array): Promise<number> {
    present = this.#follower
    app ??= await routes()
    const payload = Buffer.from(body)
    const request = {
      method,
      url,
      ...(method !== 'GET' && { payload, headers: { 'content-type': 'application/json' } }),
    }
    let status: number | undefined
    const over = app.inject(request).then(({ statusCode }) => (status = statusCode))
    for (let ms = 0; status === undefined && ms <= MOST_MS; ms += STEP_MS) await this.pass(ms === 0 ? 0 : STEP_MS)
    if (status === undefined) throw new Error(`${method} ${url}: no answer in ${MOST_MS} ms`)
    await over
    return status
  }

  /** One message, with this header; true when it was answered. @throws an error that no broker may answer */
  async message(name: CascadeMessageName, header: Uint8Array): Promise<boolean> {
    let answered: boolean | undefined
    const answering = this.#heard(name, header).then(
      () => (answered = true),
      (error: unknown) => {
        answered = false
        if (!(error instanceof TailraceError) || error.code === 'INTERNAL') throw error
      },
    )
    for (let ms = 0; answered === undefined && ms <= MOST_MS; ms += STEP_MS) await this.pass(ms === 0 ? 0 : STEP_MS)
    await answering
    return answered === true
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  /** After any message of one cascade broker, another is answered, and can use the answer. */
  async check(): Promise<void> {
    const beat = checkBeat({ correlation: 1, clusterId: 'c', broker: HONEST, reports: [reportOf(HONEST, own)] })
    for (const control of [this.#leader, this.#follower]) {
      const { cluster } = asHeardBelow(await control.beat(beat))
      const numbers = cluster.brokers.map(({ id }) => id)
      if (new Set(numbers).size < numbers.length) throw new Error(`brokers ${numbers}`)
      JSON.stringify([await control.status(), await control.describeCluster(), control.known])
    }
    await this.pass(LIFE_MS)
    const { assignments } = await this.#leader.beat(beat)
    const [mine] = assignments.filter(({ broker }) => broker === HONEST)
    if (mine === undefined) throw new Error('a cascade broker is not told what its source is')
    if (mistakes.length > 0) throw mistakes.splice(0)[0]
  }
}

const HONEST = 1_234_567
const own = { level: 1, home: 1, source: LEADER }
const STEP_MS = 5_000
const MOST_MS = 60_000
/** Longer than the time for which one report counts. */
const LIFE_MS = 6_000
