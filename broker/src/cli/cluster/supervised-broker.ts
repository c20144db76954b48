import type { Clock } from '../../platform/clock.ts'
import type { AppendFile } from '../../platform/node/append-file.ts'
import { pause } from '../../platform/timing/pause.ts'
import type { BrokerChild, ChildEnd, LaunchBroker } from './broker-child.ts'
import type { TellEvent } from './cluster-events.ts'
import type { BrokerPlan } from './cluster-plan.ts'
import type { AskReadiness } from './readiness.ts'
import { untilReady } from './readiness.ts'
import { RestartPolicy } from './restart-policy.ts'

/** The dependencies of supervision. */
export interface Supervision {
  readonly launch: LaunchBroker
  readonly askReadiness: AskReadiness
  readonly clock: Clock
  readonly tell: TellEvent
  /** Time that a broker has to stop before it is killed. */
  readonly stopTimeoutMs: number
}

export interface SupervisedBroker {
  /** Resolves when the broker is ready for the first time; never, if it ends before. */
  readonly firstReady: Promise<void>
  /**
   * Resolves when the broker has ended and is not started again: true if it was told to, false if supervision gave up
   * on it.
   */
  readonly finished: Promise<boolean>
  /** Why it is not ready yet. */
  readonly reason: string
}

/** Starts a broker, starts it again when it ends by itself, and stops it when `stop` fires. */
export function superviseBroker(
  plan: BrokerPlan,
  log: AppendFile,
  supervision: Supervision,
  stop: AbortSignal,
): SupervisedBroker {
  const firstReady = Promise.withResolvers<void>()
  const state = { reason: 'it has not started yet' }
  return {
    firstReady: firstReady.promise,
    finished: supervise(plan, log, supervision, stop, state, firstReady.resolve),
    get reason() {
      return state.reason
    },
  }
}

async function supervise(
  plan: BrokerPlan,
  log: AppendFile,
  supervision: Supervision,
  stop: AbortSignal,
  state: { reason: string },
  onReady: () => void,
): Promise<boolean> {
  const { clock } = supervision
  const policy = new RestartPolicy()
  while (!stop.aborted) {
    const child = supervision.launch(plan, log)
    const { id: broker, url: http, peer, data } = plan
    supervision.tell({ event: 'broker-started', broker, pid: child.pid, http, peer, data, log: plan.log })
    const over = new AbortController()
    const watching = watchReadiness(child, supervision, over.signal, state, () => {
      policy.ready(clock.monotonic())
      onReady()
    })
    const end = await endOf(child, supervision, stop)
    over.abort()
    await watching
    if (stop.aborted) return true
    const startsAgainInMs = policy.ended(clock.monotonic())
    supervision.tell({ event: 'broker-ended', broker, pid: child.pid, log: plan.log, startsAgainInMs, ...end })
    if (startsAgainInMs === null) return false
    await pause(clock, startsAgainInMs, stop)
  }
  return true
}

/**
 * Not before the process itself says that it listens: another cluster may own the port, and would answer in its place.
 */
async function watchReadiness(
  child: BrokerChild,
  { askReadiness, clock }: Supervision,
  over: AbortSignal,
  state: { reason: string },
  onReady: () => void,
): Promise<void> {
  const started = await Promise.race([child.started, child.ended.then(() => null)])
  if (started === null) return
  const ready = await untilReady(started.http, askReadiness, clock, over, (reason) => {
    state.reason = reason
  })
  if (ready) onReady()
}

/** The end of the process; once `stop` fires it is asked to stop, and killed when it does not in time. */
async function endOf(child: BrokerChild, { clock, stopTimeoutMs }: Supervision, stop: AbortSignal): Promise<ChildEnd> {
  let killing: { cancel(): void } | null = null
  const ask = () => {
    child.stop()
    killing = clock.after(stopTimeoutMs, () => child.kill())
  }
  if (stop.aborted) ask()
  else stop.addEventListener('abort', ask, { once: true })
  const end = await child.ended
  stop.removeEventListener('abort', ask)
  ;(killing as { cancel(): void } | null)?.cancel()
  return end
}
