import { type AnyTopic, isTopic, refuseUnknown, wholeNumber } from '@tailrace/client'
import { checkTopicName, TailraceError } from '@tailrace/schemas'
import type { Jump } from '../options.ts'
import type { From } from '../range/start.ts'
import type { OnUnreadable } from '../readable-records.ts'
import type { StuckHandlers, StuckRecord } from './beats/beat-messages.ts'

/** How long what is being handled may take when the program ends a member. */
export const FINISH_MS = 5_000

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition that was assigned. */
export interface AssignedPartition extends TopicPartition {
  /** The fencing token: greater than all that were given for this partition before. */
  readonly token: number
  /** The committed position, and what was committed with it; null: there is none. */
  readonly committed: { readonly offset: number; readonly metadata: string } | null
}

/**
 * revoked: they go to another member, after this function, and what it commits counts. lost: another member may have
 * them already, since this one did not beat in time or has given them up because of a stuck handler, or the topic is
 * gone; commits are refused. closed: the subscription ends.
 */
export type RevocationReason = 'revoked' | 'lost' | 'closed'

/** A handler has had a record, or a batch that begins there, for longer than `handlerTimeoutMs`. */
export interface StuckHandler extends TopicPartition {
  readonly offset: number
  readonly heldMs: number
}

export interface GroupOptions {
  /** Where partitions begin that have no committed position. Default 'earliest'. */
  readonly from?: From
  /**
   * Commits by itself what has been processed, and never before it has: a record of a loop when the loop asks for the
   * next one, a record of `run` when its handler has resolved. Default true.
   */
  readonly autoCommit?: boolean
  /** How often it commits by itself. Default 1,000. */
  readonly autoCommitIntervalMs?: number
  /**
   * A static member: a process that starts with the same name within the session of the former one takes its partitions
   * over at once, and nothing else moves. A process that still runs is fenced by that. Default: none.
   */
  readonly instanceId?: string
  /** Where this member stands. Default: the `rack` of the consumer. */
  readonly rack?: string
  /** After this long without a beat the coordinator gives the partitions to others. Default 10,000. */
  readonly sessionTimeoutMs?: number
  /**
   * When the connection that carries the beats ends, as it does when the process dies, the coordinator gives the
   * partitions to others after half a second, unless the member beats again. Give false where a proxy or load balancer
   * stands before the brokers that may end the connection to the broker alone. A static member keeps its partitions for
   * the session. Default true; in a browser false.
   */
  readonly leaveOnDisconnect?: boolean
  /**
   * Where beats come from: in Node.js 'worker', a thread of its own, keeps the member in the group while the program is
   * busy; 'timers' of the program itself take less memory. Default 'worker'; in a browser always timers.
   */
  readonly heartbeats?: 'worker' | 'timers'
  /** A handler that has a record for longer is stuck. Default 60,000. */
  readonly handlerTimeoutMs?: number
  /**
   * What a stuck handler leads to beside `onStuck`: 'keep' nothing; 'release' the member gives up the partition of the
   * record, so that another one goes on with it, and takes it no more until its handlers of that partition have
   * returned; 'leave' the member leaves the group, so that others go on with all of its partitions, and joins again
   * when the handlers have returned. A loop handles one record at a time: its other partitions wait for a stuck one, so
   * 'leave' is for loops, and 'release' for `run`. Default 'keep'.
   */
  readonly stuckHandlers?: 'keep' | 'release' | 'leave'
  /** Told of each stuck handler, once a record. */
  readonly onStuck?: (stuck: StuckHandler) => void
  /** Awaited before the first record of these partitions is handed out. */
  readonly onAssigned?: (partitions: readonly AssignedPartition[]) => unknown
  /** Awaited before these partitions go to others: when their records are finished, before the last commit. */
  readonly onRevoked?: (partitions: readonly TopicPartition[], reason: RevocationReason) => unknown
  /** How long `onAssigned` and `onRevoked` are awaited. Default 10,000. */
  readonly callbackTimeoutMs?: number
  /**
   * Bytes received ahead of the handlers, over all partitions of a loop or run, whenever they were assigned; 64 KiB for
   * each at least. Default 8 MiB.
   */
  readonly maxBufferedBytes?: number
  /** Keys, values and headers as Uint8Array instead of text. Default false. */
  readonly bytes?: boolean
  /**
   * Where to go on when the committed position is not in the partition any more. Default 'earliest': no record is left
   * out that is still there. `onJump` is told of it.
   */
  readonly onOutOfRange?: 'earliest' | 'latest' | 'fail'
  /** Told of each jump that `onOutOfRange` has led to. */
  readonly onJump?: (jump: Jump) => void
  /** As for `subscribe` of a consumer. Default 'fail'. */
  readonly onUnreadable?: OnUnreadable
  /** As for `subscribe` of a consumer. Default 'leader'. */
  readonly readFrom?: 'leader' | 'nearest'
  /** Aborting it closes the group. */
  readonly signal?: AbortSignal
}

export interface GroupSettings {
  readonly from: From
  readonly autoCommit: boolean
  readonly autoCommitIntervalMs: number
  readonly instance: string
  readonly rack: string
  readonly sessionMs: number
  readonly heartbeats: 'worker' | 'timers'
  /** Undefined: as it is safe here. */
  readonly leaveOnDisconnect: boolean | undefined
  readonly handlerTimeoutMs: number
  readonly stuckHandlers: StuckHandlers
  readonly callbackTimeoutMs: number
  readonly maxBufferedBytes: number
  readonly onOutOfRange: 'earliest' | 'latest' | 'fail'
  readonly onJump: ((jump: Jump) => void) | undefined
  readonly readFrom: 'leader' | 'nearest'
  readonly onStuck: (stuck: StuckHandler) => void
  readonly onAssigned: NonNullable<GroupOptions['onAssigned']>
  readonly onRevoked: NonNullable<GroupOptions['onRevoked']>
}

const names = [
  'from',
  'autoCommit',
  'autoCommitIntervalMs',
  'instanceId',
  'rack',
  'sessionTimeoutMs',
  'leaveOnDisconnect',
  'heartbeats',
  'handlerTimeoutMs',
  'stuckHandlers',
  'onStuck',
  'onAssigned',
  'onRevoked',
  'callbackTimeoutMs',
  'maxBufferedBytes',
  'bytes',
  'onOutOfRange',
  'onJump',
  'onUnreadable',
  'readFrom',
  'signal',
]
const HOUR_MS = 3_600_000

/** `rack`: of the consumer. @throws TailraceError INVALID_SETTING */
export function groupSettings(options: GroupOptions, rack: string): GroupSettings {
  refuseUnknown(options, names)
  for (const name of ['onStuck', 'onAssigned', 'onRevoked', 'onJump'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') throw wrong(name, 'is not a function.')
  }
  const { instanceId = '' } = options
  if (typeof instanceId !== 'string' || instanceId.length > 255) throw wrong('instanceId', 'is no text of up to 255.')
  return {
    from: options.from ?? 'earliest',
    autoCommit: isTrue('autoCommit', options.autoCommit, true),
    autoCommitIntervalMs: ms('autoCommitIntervalMs', options.autoCommitIntervalMs, 1_000, 10),
    instance: instanceId,
    rack: options.rack ?? rack,
    sessionMs: ms('sessionTimeoutMs', options.sessionTimeoutMs, 10_000, 1_000),
    leaveOnDisconnect: isTrue('leaveOnDisconnect', options.leaveOnDisconnect, undefined),
    heartbeats: oneOf('heartbeats', options.heartbeats, ['worker', 'timers']),
    handlerTimeoutMs: ms('handlerTimeoutMs', options.handlerTimeoutMs, 60_000, 10),
    stuckHandlers: oneOf('stuckHandlers', options.stuckHandlers, ['keep', 'release', 'leave']),
    callbackTimeoutMs: ms('callbackTimeoutMs', options.callbackTimeoutMs, 10_000, 1),
    maxBufferedBytes: wholeNumber('maxBufferedBytes', options.maxBufferedBytes, {
      default: 8 * 1024 * 1024,
      min: 1,
      max: 2 ** 40,
    }),
    onOutOfRange: oneOf('onOutOfRange', options.onOutOfRange, ['earliest', 'latest', 'fail']),
    onJump: options.onJump,
    readFrom: oneOf('readFrom', options.readFrom, ['leader', 'nearest']),
    onStuck: options.onStuck ?? nothing,
    onAssigned: options.onAssigned ?? nothing,
    onRevoked: options.onRevoked ?? nothing,
  }
}

/** What a program gives: names, patterns in which `*` stands for any characters, or a typed topic. */
export type GroupTopics = string | readonly string[] | AnyTopic

/** What a member subscribes to. */
export interface WantedTopics {
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
}

/** @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME */
export function wantedTopics(given: GroupTopics): WantedTopics {
  const named = isTopic(given) ? given.name : given
  const all = [...new Set(typeof named === 'string' ? [named] : named)]
  if (all.length === 0) throw new TailraceError('INVALID_SETTING', 'topics: name one at least.')
  const patterns = all.filter((name) => name.includes('*'))
  const topics = all.filter((name) => !name.includes('*'))
  for (const topic of topics) checkTopicName(topic)
  for (const pattern of patterns) {
    if (!/^[a-zA-Z0-9._*-]{1,249}$/.test(pattern)) {
      throw new TailraceError('INVALID_SETTING', `topics: "${pattern}" is no pattern such as "orders.*".`)
    }
  }
  return { topics, patterns }
}

/** @throws TailraceError INVALID_SETTING */
export function checkGroupName(name: unknown): asserts name is string {
  const isName = typeof name === 'string' && name !== '' && name.length <= 255 && name.isWellFormed()
  if (isName && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return
  throw new TailraceError('INVALID_SETTING', 'group: its name is a text of 1 to 255 characters on one line.')
}

export function stuckHandler({ topic, partition, offset, heldMs }: StuckRecord): StuckHandler {
  return { topic, partition, offset, heldMs: Math.round(heldMs) }
}

function ms(name: string, given: number | undefined, usual: number, min: number): number {
  return wholeNumber(name, given, { default: usual, min, max: HOUR_MS / 2 })
}

function isTrue<Usual extends boolean | undefined>(
  name: string,
  given: boolean | undefined,
  usual: Usual,
): boolean | Usual {
  if (given === undefined) return usual
  if (typeof given === 'boolean') return given
  throw wrong(name, 'is not true or false.')
}

/** The first of them is the default. */
function oneOf<Choice extends string>(name: string, given: Choice | undefined, choices: readonly Choice[]): Choice {
  const chosen = given ?? choices[0]!
  if (choices.includes(chosen)) return chosen
  throw wrong(name, `is "${String(chosen)}", not ${choices.join(' or ')}.`)
}

function wrong(name: string, detail: string): TailraceError {
  return new TailraceError('INVALID_SETTING', `${name} ${detail}`)
}

function nothing(): void {}
