import type { Client, Connection, Route } from '@tailrace/client'
import { nearestRoute } from '@tailrace/client/nearest-route'
import { type BrokerId, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { Levels } from '../levels.ts'

/** How the cascade broker is chosen that a topic is read from. @throws TailraceError CODE_NOT_LOADED */
export type LevelsOf = (topic: string) => Promise<Levels>

export interface RoutesParts {
  readonly client: Client
  readonly topic: string
  readonly readFrom: 'leader' | 'nearest'
  /** Undefined: cascade brokers are not looked for. */
  readonly levelsOf: LevelsOf | undefined
  /** Fires when nothing is read any more. */
  readonly ended: AbortSignal
}

/** To brokers that do not lead: cascade brokers, and the nearest ones. */
export class OtherRoutes {
  readonly #client: Client
  readonly #readFrom: 'leader' | 'nearest'
  /** Undefined: cascade brokers are not looked for. */
  readonly #levels: Levels | undefined
  readonly #stopMoving: (() => void) | undefined

  private constructor({ client, readFrom }: RoutesParts, levels: Levels | undefined, stopMoving?: () => void) {
    this.#client = client
    this.#readFrom = readFrom
    this.#levels = levels
    this.#stopMoving = stopMoving
  }

  /** @throws TailraceError CODE_NOT_LOADED */
  static async open(parts: RoutesParts, onMove: (copy: BrokerId | null) => void): Promise<OtherRoutes> {
    const levels = await parts.levelsOf?.(parts.topic)
    return new OtherRoutes(parts, levels, levels?.onMove(onMove))
  }

  close(): void {
    this.#stopMoving?.()
  }

  isRight(copy: BrokerId | null): boolean {
    return this.#levels === undefined || this.#levels.current === copy
  }

  avoid(copy: BrokerId): void {
    this.#levels?.avoid(copy)
  }

  /** The cascade broker for all partitions; null: there is none. */
  async find(): Promise<{ readonly connection: Connection; readonly copy: BrokerId } | null> {
    return (await this.#levels?.find()) ?? null
  }

  /** To a broker of level 0. @throws TailraceError as `route` of the client */
  async route(topic: string, partition: PartitionNumber): Promise<Route> {
    const route = await (this.#readFrom === 'leader'
      ? this.#client.route(topic, partition)
      : nearestRoute(this.#client, topic, partition))
    if (!this.#levels?.isCopy(route.connection.address)) return route
    // It was told by a copy that its broker leads, as copies do.
    throw new TailraceError('LEADER_UNAVAILABLE', `Partition ${partition}: no broker of level 0 is known to lead.`)
  }
}
