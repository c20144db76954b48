import type { BrokerCondition, ClusterState, Trouble } from '../api/answers.ts'
import { count, size } from '../format.ts'
import type { Problem } from './problem.ts'

/** What is not well with brokers, as each says itself; one that is not reached is a problem of the cluster. */
export function brokerProblems({
  ready,
  cluster,
  conditions,
}: Pick<ClusterState, 'ready' | 'cluster' | 'conditions'>): Problem[] {
  if (conditions === null) return readinessProblems('This broker', ready)
  const known = new Map(cluster?.brokers.map((broker) => [broker.id, broker]))
  return conditions.flatMap((told) => {
    const { alive = true, level = 0 } = known.get(told.broker) ?? {}
    return alive ? conditionProblems(told, level > 0) : []
  })
}

function conditionProblems({ broker, condition, why }: BrokerCondition, isCascade: boolean): Problem[] {
  if (condition === null)
    return [
      {
        severity: 'warning',
        what: `The condition of broker ${broker} is not known`,
        why,
        todo: 'Look at its own console.',
      },
    ]
  const troubles = condition.troubles.flatMap((trouble) => {
    // What a cascade broker has stopped is told with its lag.
    return (isCascade && trouble.kind === STOPPED ? null : troubleProblem(broker, trouble)) ?? []
  })
  // Replicas that take no part are the reason, too.
  const isTold = condition.ready && condition.troubles.some(({ kind }) => kind === QUARANTINED || kind === STOPPED)
  return [...(isTold ? [] : readinessProblems(`Broker ${broker}`, condition)), ...troubles]
}

/** A cascade broker that has caught up says that it is ready; any other reason of a ready broker is a trouble. */
function readinessProblems(who: string, { ready, reason }: ClusterState['ready']): Problem[] {
  if (!ready)
    return [{ severity: 'bad', what: `${who} is not ready`, why: sentence(reason), todo: 'Wait, or look at its log.' }]
  if (reason === '' || reason === 'ready') return []
  const todo = 'Metrics that matter, in docs/operations.md, says what to do about each.'
  return [{ severity: 'warning', what: `${who} is ready, but not well`, why: sentence(reason), todo }]
}

const QUARANTINED = 'replicas-quarantined'
const STOPPED = 'replicas-stopped'
const ROOM = 'Free space, add a disk, or lower retentionBytes or retentionMs of topics.'

/** Null: of a later version, unknown here. */
function troubleProblem(broker: number, { kind, amount }: Trouble): Problem | null {
  switch (kind) {
    case 'disk-full':
      return {
        severity: 'bad',
        what: `The disk of broker ${broker} is full`,
        why: `Not more than the reserve of ${size(amount)} is free: it takes no records.`,
        todo: ROOM,
      }
    case 'disk-low':
      return {
        severity: 'warning',
        what: `The disk of broker ${broker} is almost full`,
        why: `Less than twice the reserve of ${size(amount)} is free. At the reserve it takes no records.`,
        todo: ROOM,
      }
    case 'disk-filling':
      return {
        severity: 'warning',
        what: `The disk of broker ${broker} will soon be full`,
        why: `In about ${count(amount)} h only the reserve is free, if it fills up as in the last minutes.`,
        todo: ROOM,
      }
    case 'checksum-failures':
      return {
        severity: 'bad',
        what: `The disk of broker ${broker} has damaged records`,
        why: `Since its start it has found ${places(amount)} whose checksum is wrong.`,
        todo: 'It gets them from other replicas. Replace a disk that does this again.',
      }
    case QUARANTINED:
      return {
        severity: 'warning',
        what: `Broker ${broker} has ${replicas(amount)} in quarantine`,
        why: 'They may lack records that they had confirmed, and do not vote until a leader has given them all again.',
        todo: 'Wait until they have caught up. Its log says why.',
      }
    case STOPPED:
      return {
        severity: 'bad',
        what: `Broker ${broker} has ${replicas(amount)} that stopped`,
        why: 'They take no part any more, so that other replicas are not harmed.',
        todo: 'Its log says why. TailraceReplicaStopped, in docs/operations.md, says what to do.',
      }
    default:
      return null
  }
}

function replicas(amount: number): string {
  return amount === 1 ? '1 replica' : `${count(amount)} replicas`
}

function places(amount: number): string {
  return amount === 1 ? '1 place' : `${count(amount)} places`
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}
