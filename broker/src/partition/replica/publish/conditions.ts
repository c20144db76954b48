import { fenceBatch, TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../../platform/clock.ts'
import type { GroupSpec } from '../../group.ts'
import type { PublishCondition } from '../../requests.ts'
import type { GroupDriver } from '../driver.ts'
import type { Acknowledgements } from './acknowledgements.ts'

export interface ConditionsDeps {
  readonly driver: GroupDriver
  readonly clock: Pick<Clock, 'now'>
  readonly spec: () => GroupSpec
  readonly acknowledgements: Acknowledgements
  /** See Group.confirmed, linearizable. */
  readonly confirmed: () => Promise<void> | undefined
  /** The derived state of this replica does not belong to its log. */
  readonly incomplete: () => boolean
  readonly notLeader: () => TailraceError
}

/**
 * The conditions of publishes, judged where the entry would get its offset.
 *
 * They are judged against the end of the leader's log, proposals that are not committed included, in the order of the
 * proposals: judged against the committed end, two publishes that expect the same offset would both be taken.
 *
 * Why an acceptance is exact over a change of leaders: the entry follows the log that it was judged by. If it is ever
 * committed, under this leader or a later one, all before it is (Log Matching), so it stands at the expected offset,
 * and behind every fence that was accepted before it. A leader that has been deposed and does not know takes a publish
 * that is never committed, and never acknowledged.
 *
 * Why a refusal is exact: it tells an end that may be made of proposals which a change of leaders undoes, or that of a
 * deposed leader, which is older than the request. So it leaves only when all that it was judged by is committed, an
 * entry of this leader's own term among it, and a quorum has confirmed that nobody led a later term when the request
 * came (`settled`). Then no earlier attempt of the same batch that a former leader has taken can be committed either:
 * it would stand in the place of this leader's entries. Where that cannot be known the answer is NOT_LEADER: nothing
 * was written, and the next leader judges again.
 */
export class Conditions {
  readonly #deps: ConditionsDeps

  constructor(deps: ConditionsDeps) {
    this.#deps = deps
  }

  /**
   * Null: they hold now.
   * @throws TailraceError FEATURE_LEVEL_TOO_LOW, NOT_READY; LEADER_UNAVAILABLE: the fence is not known here
   */
  unmet({ expectedOffset, fence }: PublishCondition): TailraceError | null {
    if (fence !== undefined) {
      this.#checkFences()
      const { token } = this.#deps.driver.state.fence
      if (fence < token)
        return new TailraceError('FENCED', `${token} was accepted, ${fence} is lower.`, { fence: token })
    }
    const endOffset = this.#deps.driver.core.nextOffset
    if (expectedOffset === undefined || expectedOffset === endOffset) return null
    return new TailraceError('WRONG_EXPECTED_OFFSET', `It ends at ${endOffset}, not at ${expectedOffset}.`, {
      endOffset,
    })
  }

  /** The batch of the entry that makes the token the highest one; null: it is that already. */
  raised(fence: number): Uint8Array | null {
    const { driver, clock } = this.#deps
    if (fence <= driver.state.fence.token) return null
    const { term, nextOffset: baseOffset } = driver.core
    return fenceBatch({ term, baseOffset, timestamp: clock.now(), fence })
  }

  /** Rejects with the error, once it is certain. */
  async refuse(error: TailraceError): Promise<never> {
    await this.settled()
    throw error
  }

  /**
   * Resolves when all that this leader has proposed before the call is committed, and it is known that it led then.
   * @throws TailraceError (rejects with) NOT_LEADER, LEADER_UNAVAILABLE, UNKNOWN_TOPIC
   */
  async settled(): Promise<void> {
    const { driver, acknowledgements, confirmed, notLeader } = this.#deps
    const { lastIndex, nextOffset } = driver.core
    const isCommitted = lastIndex <= driver.state.commitIndex
    const place = { baseOffset: nextOffset, lastOffset: nextOffset - 1, duplicate: false }
    const committed = isCommitted ? undefined : acknowledgements.wait(lastIndex, place)
    await Promise.all([committed, confirmed()]).catch((error: unknown) => {
      const isLost = error instanceof TailraceError && error.code === 'OUTCOME_UNKNOWN'
      throw isLost ? notLeader() : error
    })
  }

  #checkFences(): void {
    const { spec, incomplete } = this.#deps
    const refusal = spec().fenceRefusal?.() ?? null
    if (refusal !== null) throw refusal
    if (incomplete()) throw new TailraceError('LEADER_UNAVAILABLE', 'The fence is not known here yet.')
  }
}
