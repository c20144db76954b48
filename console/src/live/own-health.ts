import type { ClusterState, Trouble } from '../api/answers.ts'
import { count, size } from '../format.ts'
import type { Problem } from './problem.ts'

/** What is not well with the broker that serves the page. */
export function ownProblems({ ready, troubles }: Pick<ClusterState, 'ready' | 'troubles'>): Problem[] {
  return [...readinessProblems(ready), ...(troubles ?? []).flatMap((trouble) => troubleProblem(trouble) ?? [])]
}

/** A cascade broker that has caught up says that it is ready; any other reason of a ready broker is a trouble. */
function readinessProblems({ ready, reason }: ClusterState['ready']): Problem[] {
  if (!ready)
    return [{ severity: 'bad', what: 'This broker is not ready', why: reason, todo: 'Wait, or look at its log.' }]
  if (reason === '' || reason === 'ready') return []
  const todo = 'Metrics that matter, in docs/operations.md, says what to do about each.'
  return [{ severity: 'warning', what: 'This broker is ready, but not well', why: sentence(reason), todo }]
}

const ROOM = 'Free space, add a disk, or lower retentionBytes or retentionMs of topics.'

/** Null: of a later version, unknown here. */
function troubleProblem({ kind, amount }: Trouble): Problem | null {
  switch (kind) {
    case 'disk-full':
      return {
        severity: 'bad',
        what: 'The disk of this broker is full',
        why: `Not more than the reserve of ${size(amount)} is free: it takes no records.`,
        todo: ROOM,
      }
    case 'disk-low':
      return {
        severity: 'warning',
        what: 'The disk of this broker is almost full',
        why: `Less than twice the reserve of ${size(amount)} is free. At the reserve it takes no records.`,
        todo: ROOM,
      }
    case 'disk-filling':
      return {
        severity: 'warning',
        what: 'The disk of this broker will soon be full',
        why: `In about ${count(amount)} h only the reserve is free, if it fills up as in the last minutes.`,
        todo: ROOM,
      }
    case 'checksum-failures':
      return {
        severity: 'bad',
        what: 'The disk of this broker has damaged records',
        why: `Since its start it has found ${count(amount)} places whose checksum is wrong.`,
        todo: 'It gets them from other replicas. Replace a disk that does this again.',
      }
    default:
      return null
  }
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}
