import type { Logger } from '../platform/logger.ts'
import type { Copies } from './copies/copies.ts'
import type { CascadeIdentity } from './upstream/identity.ts'
import type { Uplink } from './upstream/uplink.ts'

export interface CatchUpDeps {
  readonly copies: Pick<Copies, 'all' | 'isEmpty'>
  readonly uplink: Pick<Uplink, 'last' | 'refusal'>
  readonly identity: Pick<CascadeIdentity, 'fields' | 'change'>
  readonly logger: Logger
  /** A copy that has lacked records for longer has not caught up. Milliseconds. */
  readonly readyLagMs: number
  /** For operators: why the disk has no room for records, and what to do; null: it has. Default: it always has. */
  readonly diskShortage?: () => string | null
}

/**
 * Whether this broker has once caught up with its source since its start. Before that readers would miss records. After
 * it, lag is no reason to send all readers away: they would only go to brokers that have as much to do.
 */
export class CatchUp {
  readonly #deps: CatchUpDeps
  #done = false

  constructor(deps: CatchUpDeps) {
    this.#deps = deps
  }

  /** To be looked at now and then until it is true. */
  get done(): boolean {
    if (!this.#done && this.#isLevel()) this.#finish()
    return this.#done
  }

  /** Copies that were complete once are served without a source, too. */
  readiness(): { ready: boolean; reason: string } {
    const { uplink, identity, copies } = this.#deps
    if (this.done) return { ready: true, reason: 'ready' }
    const { clusterId, caughtUp = true } = identity.fields
    if (uplink.last !== null) return { ready: false, reason: this.#whatIsMissing() }
    if (clusterId !== '' && caughtUp && !copies.isEmpty) {
      return { ready: true, reason: 'serving the records here; no source yet' }
    }
    return { ready: false, reason: `Waiting for a source. ${uplink.refusal}`.trim() }
  }

  #isLevel(): boolean {
    const { copies, uplink, readyLagMs } = this.#deps
    // A source that is itself incomplete does not tell which records are missing.
    if (uplink.last === null || uplink.last.caughtUp === false) return false
    for (const copy of copies.all()) if (!copy.complete || copy.lagMs() > readyLagMs) return false
    return true
  }

  #finish(): void {
    const { identity, logger } = this.#deps
    this.#done = true
    logger.info({}, 'this broker has caught up with its source')
    if (identity.fields.caughtUp !== false) return
    identity.change({ caughtUp: true }).catch((error: unknown) => {
      logger.warn({ err: error }, 'cannot store that this broker has caught up; it will catch up again after a restart')
    })
  }

  #whatIsMissing(): string {
    const { copies, uplink } = this.#deps
    if (uplink.last?.caughtUp === false) return 'The source has not caught up with its own source yet.'
    let [records, partitions] = [0, 0]
    for (const copy of copies.all()) {
      records += copy.lagRecords
      if (!copy.complete || copy.lagRecords > 0) partitions++
    }
    const missing = `${records} records of ${partitions} partitions are missing.`
    const shortage = this.#deps.diskShortage?.() ?? null
    return shortage === null ? `Copying from the source: ${missing}` : `${shortage} ${missing}`
  }
}
