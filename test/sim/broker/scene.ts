import type { BrokerId } from '@tailrace/schemas'
import type { AdminApi } from '../../../broker/src/api/admin-api.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import type { Cascades } from './cascade/cascades.ts'
import type { Release } from './release.ts'
import type { Life, SimBroker } from './sim-broker.ts'
import type { BrokerSwarm } from './swarm.ts'
import type { Watch } from './watch.ts'

/** The part of a world that faults and operators act on. */
export interface Scene {
  readonly swarm: BrokerSwarm
  readonly watch: Watch
  readonly network: { reset(a: string, b: string): void }
  /** The brokers that have been started once and are not lost permanently. */
  readonly inService: readonly SimBroker[]
  readonly ids: readonly BrokerId[]
  readonly cascades: Pick<Cascades, 'all' | 'crash' | 'stop'>
  /** The seed's topics are there. */
  readonly formed: boolean
  broker(id: BrokerId): SimBroker
  anyBroker(random: SimRandom): SimBroker
  hostOf(id: BrokerId): string
  ledBy(id: BrokerId): number
  note(text: string): void
  call<Result>(broker: SimBroker, ask: (life: Life) => Promise<Result>, timeoutMs: number): Promise<Result>
  crash(broker: SimBroker, power: boolean, downMs: number): void
  stop(broker: SimBroker, downMs: number): void
  cut(from: BrokerId, to: BrokerId): void
  heal(from: BrokerId, to: BrokerId): void
  rot(broker: BrokerId, where: string, text: string): void
  /** Ends a fault after its time, or when faults end. */
  undoAfter(ms: number, undo: () => void): void
  /** A broker that was not there before is started, and joins. Null when there is none left. */
  join(): SimBroker | null
  /** A machine's disk is lost with its content. A new broker takes its place if there is one. */
  wipe(broker: SimBroker): void
  readonly operator: { ask<Result>(what: string, call: (admin: AdminApi) => Promise<Result>): Promise<Result | null> }
  /** Of users, tokens, rules and quotas. */
  readonly security: { strike(random: SimRandom): void }
  /** A broker is stopped and started again with another release. */
  install(broker: SimBroker, release: Release, downMs: number): void
  /** No broker works at a level that its release does not support. */
  checkReleases(): void
  /** The operator got what it asked for. */
  operated(what: string): void
}
