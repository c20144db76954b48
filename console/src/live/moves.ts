import type { Members, TopicState } from '../api/answers.ts'
import { count, size } from '../format.ts'

export interface Move {
  readonly isFailed: boolean
  /** Brokers that it comes from, and those that it is to have. */
  readonly from: readonly number[]
  readonly to: readonly number[]
  /** How far it is, or why it has failed; a line for each broker. */
  readonly progress: readonly string[]
  /** Between 0 and 1, of copies in transfer; null: there is none. */
  readonly copied: number | null
}

/** The change of members that is under way, or that was the last one and has failed; null: neither. */
export function moveOf({ stage, voters, outgoing, target, members, lastOutcome }: Members): Move | null {
  if (target !== null || stage !== 'stable') {
    const to = target ?? voters
    const late = members.filter(({ broker, role, caughtUp }) => to.includes(broker) && role !== 'leader' && !caughtUp)
    const copies = late.flatMap(({ copy }) => copy ?? [])
    const [received, total] = [sum(copies, 'receivedBytes'), sum(copies, 'totalBytes')]
    return {
      isFailed: false,
      from: outgoing.length > 0 ? outgoing : voters,
      to,
      progress: [stageText[stage] ?? stage, ...late.map(progressOf)],
      copied: total === 0 ? null : received / total,
    }
  }
  if (lastOutcome?.outcome !== 'failed') return null
  return { isFailed: true, from: voters, to: lastOutcome.target, progress: [lastOutcome.reason], copied: null }
}

const stageText: Readonly<Record<string, string>> = {
  stable: 'recorded',
  staging: 'new replicas catch up',
  joint: 'the old and the new majority are both needed',
  leaving: 'old replicas leave',
}

function progressOf({ broker, active, copy, lag }: Members['members'][number]): string {
  if (!active) return `broker ${broker} does not answer`
  if (copy !== null) return `broker ${broker}: ${size(copy.receivedBytes)} of ${size(copy.totalBytes)} copied`
  return `broker ${broker}: ${count(lag)} entries behind`
}

function sum<Name extends string>(all: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return all.reduce((total, one) => total + one[name], 0)
}

/** A partition that another broker leads than the first of its replicas, the preferred one. */
export interface Elsewhere {
  readonly topic: string
  readonly partition: number
  readonly leader: number
  readonly preferred: number
}

/** Those whose preferred replica could lead. */
export function ledElsewhere(described: readonly TopicState[]): Elsewhere[] {
  return described.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partition, leader, replicas, inSync }) => {
      const [preferred] = replicas
      if (leader === 0 || preferred === undefined || preferred === leader || !inSync.includes(preferred)) return []
      return [{ topic: name, partition, leader, preferred }]
    }),
  )
}
