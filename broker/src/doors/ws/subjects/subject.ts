import type { Rights, Services } from '../../limits/rights.ts'

export type WatchedServices = Pick<Services, 'admin' | 'cascade' | 'consumerGroups' | 'stages'>

/** What a watch can show besides the state of the broker. */
export interface Subject {
  /** Watches of the same key are of the same. */
  readonly key: string
  /** The field of the message `state` that has it. */
  readonly field: 'group' | 'cascade' | 'moves' | 'audit' | 'stages' | 'consumerGroups' | 'consumerGroup'
  /**
   * As the request over HTTP checks it.
   * @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED
   */
  check(rights: Rights): void
  /** Asked by the broker itself, for all that watch it. */
  ask(services: WatchedServices): Promise<unknown>
  /** The part of an answer of `ask` that a session may see. Missing: each session that passes `check` may see all. */
  shown?(told: unknown, rights: Rights): unknown
}
