import type { BrokerId, CascadeReport, Message } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import { type ClusterRules, checkAsked } from '../../cluster/requests/asked-for.ts'
import { checkReply, checkRequest, type RequestHandler } from '../../cluster/requests/request.ts'
import type { CascadeRequestName } from '../../cluster/requests/table.ts'
import type { PeerAnswer, PeerHandlers, Peers, ReplyFields, RequestFields, RequestName } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Crypto } from '../../platform/crypto.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import type { SecurityTables } from '../../security/security-tables.ts'
import { AskedBeats } from '../wire/asked-beats.ts'
import { BeatAnswers } from '../wire/beat-answers.ts'
import type { Decision } from '../wire/cascade-messages.ts'
import type { LeaderControl } from './leader-control.ts'
import { type LeaderQuestions, LevelZeroControl, type LevelZeroControlDeps } from './level-zero-control.ts'
import { cascadeRequestTable } from './requests/table.ts'
import { SecurityList } from './security-list.ts'

/** The handlers of peers' requests; those about cascade brokers are answered by the control. */
export function withCascade(
  handlers: PeerHandlers,
  control: Omit<LeaderControl, 'answersTo'>,
  rules: ClusterRules,
): PeerHandlers {
  const answers = new Map<string, BeatAnswers>()
  const leader: LeaderControl = {
    hearAsLeader: (reports) => control.hearAsLeader(reports),
    statusAsLeader: () => control.statusAsLeader(),
    assignAsLeader: (broker, source) => control.assignAsLeader(broker, source),
    answersTo: (from, cascade) => kept(answers, `${from} ${cascade}`, () => new BeatAnswers()),
  }
  return {
    accepts: (from, group) => handlers.accepts(from, group),
    raft: (group, message, payloads) => handlers.raft(group, message, payloads),
    tooLarge: (from, group, bytes) => handlers.tooLarge(from, group, bytes),
    leaders: (from, leaders) => handlers.leaders(from, leaders),
    told: (from, name, fields) => handlers.told(from, name, fields),
    link: (peer, up) => handlers.link(peer, up),
    admit: (identity) => handlers.admit(identity),
    async request<Name extends RequestName>(
      from: BrokerId,
      name: Name,
      fields: Message<Name>,
      body: Uint8Array,
    ): Promise<PeerAnswer<Name>> {
      const handler = handlerOf(name)
      if (handler === undefined) return handlers.request(from, name, fields, body)
      if (!handlers.accepts(from, METADATA_GROUP)) {
        throw new TailraceError('NOT_READY', `Broker ${from} is not known here as a broker of the cluster.`)
      }
      checkRequest(name, handler, fields)
      checkAsked(rules, handler.needs, fields)
      return handler.answer(leader, from, fields, body)
    },
  }
}

/** One for each pair of brokers that have exchanged beats: together they are as large as three lists of all brokers. */
function kept<T>(all: Map<string, T>, key: string, make: () => T): T {
  const found = all.get(key) ?? make()
  all.set(key, found)
  return found
}

function handlerOf<Name extends RequestName>(name: Name): RequestHandler<Name, LeaderControl> | undefined {
  const handlers: { readonly [Name in RequestName]?: object } = cascadeRequestTable
  return handlers[name] as RequestHandler<Name, LeaderControl> | undefined
}

/**
 * The control of a broker of level 0, which asks others over its links to them. `crypto`: for the digest of the tables
 * of security; without it none are given to brokers below.
 */
export function levelZeroControlOver(
  peers: Pick<Peers, 'request'>,
  { api, tables }: { readonly api: LevelZeroControlDeps['api']; readonly tables: SecurityTables },
  clock: Clock,
  crypto?: Pick<Crypto, 'hash'>,
): LevelZeroControl {
  const questions = questionsOver(peers, () => tables.version)
  const security = crypto && new SecurityList(() => tables, crypto)
  return new LevelZeroControl({ api, clock, questions, ...(security && { security }) })
}

function questionsOver(peers: Pick<Peers, 'request'>, rulesVersion: () => number): LeaderQuestions {
  const ask = async <Name extends CascadeRequestName>(
    leader: BrokerId,
    name: Name,
    fields: RequestFields<Name>,
    timeoutMs: number,
  ): Promise<ReplyFields<Name>> => {
    const { fields: told } = await peers.request(leader, name, fields, [], timeoutMs)
    const reply = told as unknown as ReplyFields<Name>
    checkReply<Name>(name, handlerOf(name)!, reply, leader)
    return reply
  }
  const asked = new Map<string, AskedBeats>()
  const tell = async (leader: BrokerId, reports: readonly CascadeReport[], timeoutMs: number): Promise<Decision> => {
    const beats = kept(asked, `${leader} ${reports[0]?.broker}`, () => new AskedBeats())
    const { beat, fields } = beats.next(reports)
    return beats.decided(beat, await ask(leader, 'CascadeReports', fields, timeoutMs))
  }
  return {
    reports: (leader, reports, ms) =>
      tell(leader, reports, ms).catch((error: unknown) => {
        // The leader has been started again, and has nothing that changes could build on: now all of them.
        if (error instanceof TailraceError && error.code === 'INVALID_REQUEST') return tell(leader, reports, ms)
        throw error
      }),
    status: async (leader, asker, ms) => {
      return { brokers: (await ask(leader, 'CascadeStatus', askedBy(asker, rulesVersion()), ms)).brokers }
    },
    assign: async (leader, wish, asker, ms) => {
      await ask(leader, 'AssignSource', { ...wish, ...askedBy(asker, rulesVersion()) }, ms)
    },
  }
}
