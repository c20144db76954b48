import type { Connection } from '@tailrace/client'
import { type BrokerId, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { placeParts } from '#place-parts'
import type { Cursor } from './cursor.ts'
import type { OtherRoutes, RoutesParts } from './other-routes.ts'

/** Partitions to be read over one connection. */
export interface FeedRoute {
  readonly connection: Connection
  /** The cascade broker that it leads to; null: a broker of level 0. */
  readonly copy: BrokerId | null
  readonly cursors: Cursor[]
}

/** Which broker each partition of a topic is read from. */
export class FeedRoutes {
  /** Why the last attempt to read failed; undefined when none did since the last success. */
  lastError: TailraceError | undefined
  readonly #parts: RoutesParts
  /** Undefined: leaders alone are read from. */
  #others: OtherRoutes | undefined

  constructor(parts: RoutesParts) {
    this.#parts = parts
  }

  /** Before the first `find`. `onMove`: another broker is to be read from. @throws TailraceError CODE_NOT_LOADED */
  async open(onMove: (copy: BrokerId | null) => void): Promise<void> {
    const { readFrom, levelsOf, ended } = this.#parts
    if (readFrom === 'leader' && levelsOf === undefined) return
    const { OtherRoutes } = await placeParts(ended)
    this.#others = await OtherRoutes.open(this.#parts, onMove)
    if (ended.aborted) this.#others.close()
  }

  close(): void {
    this.#others?.close()
  }

  /** Whether a broker is still the one to read from. */
  isRight(copy: BrokerId | null): boolean {
    return this.#others?.isRight(copy) ?? true
  }

  /** This cascade broker is lost, or has refused what others may have. */
  avoid(copy: BrokerId): void {
    this.#others?.avoid(copy)
  }

  /** Partitions by the connection to ask, without those that have none at the moment. @throws what does not pass */
  async find(cursors: ReadonlySet<Cursor>): Promise<readonly FeedRoute[]> {
    const routes = new Map<Connection, FeedRoute>()
    try {
      const found = await this.#others?.find()
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
    const { client, topic } = this.#parts
    try {
      return (await (this.#others ?? client).route(topic, partition)).connection
    } catch (error) {
      this.#note(error)
      return undefined
    }
  }

  #note(error: unknown): void {
    this.lastError = TailraceError.from(error)
    if (!this.lastError.retriable) throw this.lastError
  }
}
