import type { GroupMove, Members, TopicState } from '../api/answers.ts'
import { count, size } from '../format.ts'

export interface Progress {
  readonly isFailed: boolean
  /** How far it is, or why it has failed; a line for each broker. */
  readonly lines: readonly string[]
  /** Between 0 and 1, of copies in transfer; null: there is none. */
  readonly copied: number | null
}

export function progressOfMove({ to, failed, members: told }: Pick<GroupMove, 'to' | 'failed' | 'members'>): Progress {
  if (failed !== null) return { isFailed: true, lines: [failed], copied: null }
  if (told === null) return { isFailed: false, lines: ['its leader does not answer'], copied: null }
  const { stage, members } = told
  const late = members.filter(({ broker, role, caughtUp }) => to.includes(broker) && role !== 'leader' && !caughtUp)
  const copies = late.flatMap(({ copy }) => copy ?? [])
  const [received, total] = [sum(copies, 'receivedBytes'), sum(copies, 'totalBytes')]
  return {
    isFailed: false,
    lines: [stageText[stage] ?? stage, ...late.map(lineOf)],
    copied: total === 0 ? null : received / total,
  }
}

const stageText: Readonly<Record<string, string>> = {
  stable: 'recorded',
  staging: 'new replicas catch up',
  joint: 'the old and the new majority are both needed',
  leaving: 'old replicas leave',
}

function lineOf({ broker, active, copy, lag }: Members['members'][number]): string {
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
