import type { CascadeNode } from '../../../broker/src/cascade/node.ts'
import type { CascadeApi } from '../../../broker/src/cascade/wire/cascade-messages.ts'

/** Mechanisms that are planted broken, one at a time, so that each check is seen to notice. */
export const treeDefectNames = [
  /** The leader gives brokers another source with every beat. */
  'restlessLeader',
  /** The leader gives half of the brokers of a level the same source. */
  'oneForAll',
  /** A broker sends its beat upward when one comes from below. */
  'beatsNotGathered',
  /** A broker does not pass on what is below a newcomer. */
  'newcomersAlone',
  /** Beats and answers tell everything each time. */
  'everythingTold',
  /** All brokers of level 2 were started with a name that leads to one broker of level 1. */
  'oneName',
  /** Brokers count two and a half seconds as one. */
  'slowClocks',
] as const
export type TreeDefectName = (typeof treeDefectNames)[number]

/** Until what its last source has told of the brokers below it is forgotten at level 0. */
const BEATS_OF_NEWCOMER = 6

/** The control of a broker of level 0. */
export function leaderWith(control: CascadeApi, defects: readonly TreeDefectName[]): CascadeApi {
  const isRestless = defects.includes('restlessLeader')
  if (!isRestless && !defects.includes('oneForAll')) return control
  let turn = 0
  return {
    ...boundTo(control),
    async beat(beat) {
      const reply = await control.beat(beat)
      turn++
      const assignments = beat.reports.flatMap(({ broker, level }) => {
        const above = reply.cluster.brokers.filter((other) => level > 1 && other.level === level - 1)
        const source = above[isRestless ? (broker + turn) % above.length : 0]
        return source === undefined || (!isRestless && broker % 2 === 0)
          ? []
          : [{ broker, source: source.id, pin: null }]
      })
      const told = new Set(assignments.map(({ broker }) => broker))
      return { ...reply, assignments: [...assignments, ...reply.assignments.filter(({ broker }) => !told.has(broker))] }
    },
  }
}

/** The control of a cascade broker. */
export function relayWith({ control, uplink }: CascadeNode, defects: readonly TreeDefectName[]): CascadeApi {
  const isHasty = defects.includes('beatsNotGathered')
  const isForgetful = defects.includes('newcomersAlone')
  if (!isHasty && !isForgetful) return control
  const beats = new Map<number, number>()
  return {
    ...boundTo(control),
    async beat(beat) {
      const before = beats.get(beat.broker) ?? 0
      beats.set(beat.broker, before + 1)
      const reports = isForgetful && before < BEATS_OF_NEWCOMER ? beat.reports.slice(0, 1) : beat.reports
      const reply = await control.beat({ ...beat, reports })
      if (isHasty) uplink.session?.hurry()
      return reply
    },
  }
}

function boundTo(control: CascadeApi): CascadeApi {
  return {
    beat: (beat) => control.beat(beat),
    topicPage: (from) => control.topicPage(from),
    securityPage: (from) => control.securityPage(from),
    status: (asker) => control.status(asker),
    assign: (broker, source, asker) => control.assign(broker, source, asker),
  }
}
