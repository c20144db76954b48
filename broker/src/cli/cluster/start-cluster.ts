import type { AppendFile } from '../../platform/node/append-file.ts'
import { pause } from '../../platform/timing/pause.ts'
import { ExitCode } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'
import type { BrokerPlan } from './cluster-plan.ts'
import type { SupervisedBroker, Supervision } from './supervised-broker.ts'
import { superviseBroker } from './supervised-broker.ts'

const sayWhyAfterMs = 10_000

/**
 * Runs all brokers as processes until the terminal is interrupted. Tells where they are, and "ready" when every one
 * is. Exit code 0 after an interruption, 1 when a broker never became ready or supervision gave up on all of them.
 */
export async function startCluster(
  plans: readonly BrokerPlan[],
  openLog: (path: string) => AppendFile,
  supervision: Supervision,
  terminal: Pick<Terminal, 'interrupted'>,
): Promise<ExitCode> {
  const { tell } = supervision
  const stopping = new AbortController()
  const stop = AbortSignal.any([terminal.interrupted, stopping.signal])
  const logs = plans.map((plan) => openLog(plan.log))
  const brokers = plans.map((plan, index) => superviseBroker(plan, logs[index]!, supervision, stop))
  const allReady = Promise.all(brokers.map((broker) => broker.firstReady)).then(() => 'ready' as const)
  const allFinished = Promise.all(brokers.map((broker) => broker.finished))
  const saying = sayWhyNotReady(plans, brokers, supervision, AbortSignal.any([stop, whenSettled(allReady)]))
  const first = await Promise.race([allReady, anyGivenUp(brokers), allFinished.then(() => 'finished' as const)])
  if (first === 'ready') tell({ event: 'ready', console: `${plans[0]!.url}/console/` })
  if (first === 'given up') {
    tell({ event: 'giving-up', stopping: plans.length - 1 })
    stopping.abort()
  }
  await allFinished
  stopping.abort()
  await saying
  await Promise.all(logs.map((log) => log.close()))
  if (first !== 'given up' && terminal.interrupted.aborted) return ExitCode.Done
  return ExitCode.Failed
}

function anyGivenUp(brokers: readonly SupervisedBroker[]): Promise<'given up'> {
  return new Promise((resolve) => {
    for (const broker of brokers) {
      void broker.finished.then((told) => {
        if (!told) resolve('given up')
      })
    }
  })
}

function whenSettled(promise: Promise<unknown>): AbortSignal {
  const controller = new AbortController()
  void promise.then(() => controller.abort())
  return controller.signal
}

/** During a long start, tells from time to time which broker is not ready and why. */
async function sayWhyNotReady(
  plans: readonly BrokerPlan[],
  brokers: readonly SupervisedBroker[],
  { clock, tell }: Pick<Supervision, 'clock' | 'tell'>,
  over: AbortSignal,
): Promise<void> {
  const ready = new Set<number>()
  brokers.forEach((broker, index) => void broker.firstReady.then(() => ready.add(index)))
  while (!over.aborted) {
    await pause(clock, sayWhyAfterMs, over)
    if (over.aborted) return
    brokers.forEach((broker, index) => {
      if (!ready.has(index)) tell({ event: 'waiting', broker: plans[index]!.id, reason: broker.reason })
    })
  }
}
