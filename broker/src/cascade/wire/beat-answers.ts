import type { Assignment, CascadeReport, Message } from '@tailrace/schemas'
import { beatReplyFields, decisionFields } from './cascade-fields.ts'
import type { CascadeBeatReply, Decision } from './cascade-messages.ts'
import { SentList } from './list-changes.ts'
import { HeardReports } from './report-changes.ts'

/** What the sender of beats and the broker that answers them have from each other, at the one that answers. */
export class BeatAnswers {
  readonly #heard = new HeardReports()
  readonly #sent = new SentList()

  /** All reports of a beat that may tell only what has changed. @throws TailraceError INVALID_REQUEST */
  reports(fields: Message<'CascadeBeat'> | Message<'CascadeReports'>): readonly CascadeReport[] {
    return this.#heard.take(fields)
  }

  /** The answer to the beat with these reports, for one that has the list `known` (Message<'CascadeBeat'>). */
  reply(reply: CascadeBeatReply, reports: readonly CascadeReport[], known = -1) {
    const assignments = worthTelling(reply.assignments, reports)
    const { brokers, ...told } = this.#sent.next(reply.cluster.brokers, known)
    const fields = beatReplyFields({ ...reply, assignments, cluster: { ...reply.cluster, brokers } })
    return { ...fields, ...told, taken: this.#heard.taken }
  }

  /** As `reply`, between brokers of level 0. */
  decision(decision: Decision, reports: readonly CascadeReport[], known = -1) {
    const assignments = worthTelling(decision.assignments, reports)
    const { brokers, ...told } = this.#sent.next(decision.cascades, known)
    return { ...decisionFields({ assignments, cascades: brokers }), ...told, taken: this.#heard.taken }
  }
}

/** A broker that is to keep its source needs no word of it, unless an operator has chosen another one. */
function worthTelling(assignments: readonly Assignment[], reports: readonly CascadeReport[]): Assignment[] {
  const now = new Map(reports.map((report) => [report.broker, report]))
  return assignments.filter(({ broker, source, pin }) => {
    const report = now.get(broker)
    return report === undefined || pin !== null || report.pinned !== 0 || report.source !== source
  })
}
