import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { FIRST_LEVEL, featureLevels, outOfRange, supports } from '../../cluster/metadata/feature-levels.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { HttpClient } from '../../platform/http-client.ts'
import type { Logger } from '../../platform/logger.ts'
import type { MessageSockets } from '../../platform/message-socket.ts'
import type { Copies } from '../copies/copies.ts'
import { checkBeatReply } from '../wire/beat-checks.ts'
import type { CascadeBeat, CascadeBeatReply } from '../wire/cascade-messages.ts'
import { type CopyCounts, Follower } from './follower.ts'
import { SourceLink } from './source-link.ts'

export interface SessionDeps {
  readonly brokerId: BrokerId
  readonly copies: Copies
  readonly clock: Clock
  readonly http: HttpClient
  readonly sockets: MessageSockets
  readonly logger: Logger
  readonly writable: () => boolean
  readonly counts: CopyCounts
  /** The cluster whose records the data folder holds; empty: none yet. */
  readonly clusterId: () => string
  readonly describe: () => Omit<CascadeBeat, 'topics'>
}

export const beatMs = 1_000
/** Between two beats, however often somebody is in a hurry. */
const leastBeatMs = 100
/** No answer for so long, and the source counts as dead. */
const deadMs = 3_000
export const cascadePath = '/cascade/beat'

/** What a broker below is told by one source, for as long as that lives. It never comes back: whoever holds it opens another. */
export class SourceSession {
  readonly address: string
  /** Once, when the source is gone or refuses. */
  onLost: (error: TailraceError) => void = () => {}
  /** After each beat, when the topics that are new can be copied. */
  onReply: (reply: CascadeBeatReply) => void = () => {}
  readonly #deps: SessionDeps
  readonly #follower: Follower
  #reply: CascadeBeatReply
  #topics: ReadonlyMap<string, string> = new Map()
  #digest = ''
  #answeredAt: number
  #timer: TimerHandle | null = null
  #beating = false
  #forward: Promise<SourceLink> | null = null
  #over = false

  private constructor(address: string, deps: SessionDeps, first: CascadeBeatReply) {
    this.address = address
    this.#deps = deps
    this.#reply = first
    this.#answeredAt = deps.clock.monotonic()
    const { copies, clock, logger, writable, counts, sockets } = deps
    const onLost = (reason: string): void => this.#lose(new TailraceError('CONNECTION_LOST', `${address}: ${reason}.`))
    const openLink = (): Promise<SourceLink> => SourceLink.open(address, sockets, clock)
    const onGone = (): void => this.hurry()
    this.#follower = new Follower({ copies, clock, logger, writable, counts, openLink, onLost, onGone })
  }

  /**
   * Asks a broker whether it will be the source.
   * @throws TailraceError CASCADE_CYCLE, CLUSTER_MISMATCH, BROKER_IDENTITY_MISMATCH, FEATURE_LEVEL_UNSUPPORTED, NOT_READY, CONNECTION_LOST, TIMED_OUT
   */
  static async open(address: string, deps: SessionDeps): Promise<SourceSession> {
    return new SourceSession(address, deps, await beat(address, deps, ''))
  }

  get reply(): CascadeBeatReply {
    return this.#reply
  }
  /** The source's number. */
  get source(): BrokerId {
    return this.#reply.broker
  }

  /** Begins to copy. */
  async start(): Promise<void> {
    await this.#take(this.#reply)
    this.#next()
  }

  /** The next beat now rather than in its time. */
  hurry(): void {
    if (this.#over || this.#beating || this.#deps.clock.monotonic() - this.#answeredAt < leastBeatMs) return
    this.#timer?.cancel()
    void this.#beat()
  }

  /** The connection for requests that are passed on: its own, so that they do not wait behind records. */
  forward(): Promise<SourceLink> {
    if (this.#over) return Promise.reject(new TailraceError('CONNECTION_LOST', 'The source is gone.'))
    if (this.#forward !== null) return this.#forward
    const opening = SourceLink.open(this.address, this.#deps.sockets, this.#deps.clock)
    this.#forward = opening
    opening.then(
      (link) => {
        if (this.#over) link.close()
        link.onLost = () => {
          if (this.#forward === opening) this.#forward = null
          this.hurry()
        }
      },
      () => {
        this.#forward = null
        this.hurry()
      },
    )
    return opening
  }

  /** Ends it; `onLost` is not called. */
  close(): void {
    if (this.#over) return
    this.#over = true
    this.#timer?.cancel()
    this.#follower.close()
    this.#forward?.then(
      (link) => link.close(),
      () => {},
    )
  }

  #next(): void {
    if (!this.#over) this.#timer = this.#deps.clock.after(beatMs, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    this.#beating = true
    try {
      const reply = await beat(this.address, this.#deps, this.#digest)
      if (this.#over) return
      this.#answeredAt = this.#deps.clock.monotonic()
      await this.#take(reply)
    } catch (error) {
      this.#onFailure(error)
    } finally {
      this.#beating = false
    }
    this.#next()
  }

  async #take(reply: CascadeBeatReply): Promise<void> {
    const { copies } = this.#deps
    const { topicsVersion: version = 0 } = reply
    this.#reply = reply
    if (reply.topicList !== null) {
      await copies.update(reply.topicList, version)
      this.#digest = reply.topics
      this.#topics = new Map(reply.topicList.map(({ name, id }) => [name, id]))
    } else await copies.forgetMissing([...this.#topics.values()], version)
    if (this.#over) return
    this.onReply(reply)
    if (!this.#over) void this.#follower.follow(this.#topics)
  }

  #onFailure(error: unknown): void {
    const known = TailraceError.concealed(error)
    const silentMs = this.#deps.clock.monotonic() - this.#answeredAt
    if (!known.retriable || known.code === 'CONNECTION_LOST' || silentMs > deadMs) this.#lose(known)
  }

  #lose(error: TailraceError): void {
    if (this.#over) return
    this.close()
    this.onLost(error)
  }
}

async function beat(address: string, deps: SessionDeps, topics: string): Promise<CascadeBeatReply> {
  const said: CascadeBeat = { ...deps.describe(), topics }
  const reply = checkBeatReply(await deps.http.request('POST', address, cascadePath, said, deadMs), address)
  const clusterId = deps.clusterId()
  if (clusterId !== '' && reply.clusterId !== clusterId) {
    const detail = `${address} belongs to cluster ${reply.clusterId}, the records here to ${clusterId}.`
    throw new TailraceError('CLUSTER_MISMATCH', detail)
  }
  const { featureLevel = FIRST_LEVEL.lowest } = reply.cluster
  if (!supports(featureLevels, featureLevel)) throw outOfRange(deps.brokerId, featureLevels, featureLevel)
  if (reply.ancestors.includes(deps.brokerId)) {
    throw new TailraceError('CASCADE_CYCLE', `${address} copies from ${reply.ancestors.join(', which copies from ')}.`)
  }
  return reply
}
