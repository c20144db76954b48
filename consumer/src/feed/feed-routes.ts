import type { Client, Connection, Route } from '@tailrace/client'
import { type BrokerId, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { placeParts } from '#place-parts'
import type { Levels } from '../levels.ts'
import type { Cursor } from './cursor.ts'

/** Partitions to be read over one connection. */
export interface FeedRoute {
  readonly connection: Connection
  /** The cascade broker that it leads to; null: a broker of level 0. */
  readonly copy: BrokerId | null
  readonly cursors: Cursor[]
}

/** How the cascade broker is chosen that a topic is read from. @throws TailraceError CODE_NOT_LOADED */
export type LevelsOf = (topic: string) => Promise<Levels>

/** Which broker each partition of a topic is read from. */
export class FeedRoutes {
  /** Why the last attempt to read failed; undefined when none did since the last success. */
  lastError: TailraceError | undefined
  readonly #client: Client
  readonly #topic: string
  readonly #readFrom: 'leader' | 'nearest'
  /** Undefined: cascade brokers are not looked for. */
  readonly #levelsOf: LevelsOf | undefined
  readonly #ended: AbortSignal
  #levels: Levels | undefined
  #stopMoving: (() => void) | undefined
  #isClosed = false

  constructor(
    client: Client,
    topic: string,
    readFrom: 'leader' | 'nearest',
    levelsOf: LevelsOf | undefined,
    ended: AbortSignal,
  ) {
    this.#ended = ended
    this.#client = client
    this.#topic = topic
    this.#readFrom = readFrom
    this.#levelsOf = levelsOf
  }

  /** Before the first `find`. `onMove`: another broker is to be read from. @throws TailraceError CODE_NOT_LOADED */
  async open(onMove: (copy: BrokerId | null) => void): Promise<void> {
    this.#levels = await this.#levelsOf?.(this.#topic)
    if (!this.#isClosed) this.#stopMoving = this.#levels?.onMove(onMove)
  }

  close(): void {
    this.#isClosed = true
    this.#stopMoving?.()
  }

  /** Whether a broker is still the one to read from. */
  isRight(copy: BrokerId | null): boolean {
    return this.#levels === undefined || this.#levels.current === copy
  }

  /** This cascade broker is lost, or has refused what others may have. */
  avoid(copy: BrokerId): void {
    this.#levels?.avoid(copy)
  }

  /** Partitions by the connection to ask, without those that have none at the moment. @throws what does not pass */
  async find(cursors: ReadonlySet<Cursor>): Promise<readonly FeedRoute[]> {
    const routes = new Map<Connection, FeedRoute>()
    try {
      const found = await this.#levels?.find()
      if (found != null) return [{ ...found, cursors: [...cursors] }]
      for (const cursor of [...cursors]) {
        const connection = await this.#connectionFor(cursor.partition)
        if (connection === undefined) continue
        const route = routes.get(connection)
        if (route === undefined) routes.set(connection, { connection, copy: null, cursors: [cursor] })
        else route.cursors.push(cursor)
      }
    } catch (error) {
      this.#note(error)
    }
    return [...routes.values()]
  }

  /** To a broker of level 0; undefined while there is none. @throws TailraceError what does not pass */
  async #connectionFor(partition: PartitionNumber): Promise<Connection | undefined> {
    try {
      const { connection } = await this.#routeTo(partition)
      if (!this.#levels?.isCopy(connection.address)) return connection
      // It was told by a copy that its broker leads, as copies do.
      throw new TailraceError('LEADER_UNAVAILABLE', `Partition ${partition}: no broker of level 0 is known to lead.`)
    } catch (error) {
      this.#note(error)
      return undefined
    }
  }

  async #routeTo(partition: PartitionNumber): Promise<Route> {
    if (this.#readFrom === 'leader') return this.#client.route(this.#topic, partition)
    const { nearestRoute } = await placeParts(this.#ended)
    return nearestRoute(this.#client, this.#topic, partition)
  }

  #note(error: unknown): void {
    this.lastError = TailraceError.from(error)
    if (!this.lastError.retriable) throw this.lastError
  }
}
