import type { CascadeBroker } from '../api/answers.ts'
import { count, duration } from '../format.ts'
import type { Problem } from './problem.ts'

/** As the alert TailraceCascadeBehind. */
const LATE_MS = 30_000

/** What is not well with cascade brokers, by what they have reported. */
export function cascadeProblems(brokers: readonly CascadeBroker[]): Problem[] {
  return brokers.flatMap((broker) => [...sourceProblems(broker), ...stoppedProblems(broker), ...gapProblems(broker)])
}

function sourceProblems({ broker, source, lagMs, lagRecords }: CascadeBroker): Problem[] {
  if (source === 0)
    return [
      {
        severity: 'warning',
        what: `Cascade broker ${broker} has no source`,
        why: 'It serves the records that it has, and gets no new ones.',
        todo: 'Start a broker of the level above it, or look at its log for why it is refused.',
        link: '#/cascade',
      },
    ]
  if (lagMs <= LATE_MS) return []
  return [
    {
      severity: 'warning',
      what: `Cascade broker ${broker} is behind`,
      why: `For ${duration(lagMs)} it has lacked records of broker ${source}, now ${count(lagRecords)}.`,
      todo: 'Give it a nearer or less busy source, or see whether its disk or network is too slow.',
      link: '#/cascade',
    },
  ]
}

function stoppedProblems({ broker, stopped }: CascadeBroker): Problem[] {
  if (stopped === 0) return []
  return [
    {
      severity: 'bad',
      what: `Cascade broker ${broker} has stopped copying`,
      why: `Batches of its source did not fit in ${stopped === 1 ? '1 partition' : `${count(stopped)} partitions`}.`,
      todo: 'Its log says why. TailraceCascadeStopped, in docs/operations.md, says what to do.',
      link: '#/cascade',
    },
  ]
}

function gapProblems({ broker, overtaken = 0, missedRecords = 0 }: CascadeBroker): Problem[] {
  if (overtaken === 0) return []
  const records = missedRecords === 1 ? '1 record' : `${count(missedRecords)} records`
  const partitions = overtaken === 1 ? '1 partition' : `${count(overtaken)} partitions`
  return [
    {
      severity: 'warning',
      what: `Cascade broker ${broker} has missed records`,
      why: `In the last hour its source had removed ${records} of ${partitions} before they were copied.`,
      todo: 'Keep records for longer than it may be away or behind, and see why it was. Its log names the records.',
      link: '#/cascade',
    },
  ]
}
