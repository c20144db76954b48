import type { CascadeReport, Message } from '@tailrace/schemas'
import { decisionFrom } from './cascade-fields.ts'
import type { CascadeBeatReply, Decision } from './cascade-messages.ts'
import { HeardList } from './list-changes.ts'
import { SentReports } from './report-changes.ts'

/** What the sender of beats and the broker that answers them have from each other, at the sender. */
export class AskedBeats {
  readonly #sent = new SentReports()
  readonly #heard = new HeardList()

  /** Fields that tell these reports, and the number of the beat. */
  next(reports: readonly CascadeReport[]) {
    const { beat, fields } = this.#sent.next(reports)
    return { beat, fields: { ...fields, list: this.#heard.number } }
  }

  /** `reply`: with the brokers as they came. @throws TailraceError INCOMPATIBLE_PEER */
  answered(beat: number, reply: CascadeBeatReply, fields: Message<'CascadeBeatReply'>): CascadeBeatReply {
    const brokers = this.#heard.take({ ...numbersOf(fields), brokers: reply.cluster.brokers })
    this.#sent.taken(beat, fields.taken ?? 0)
    return { ...reply, cluster: { ...reply.cluster, brokers } }
  }

  /** As `answered`, between brokers of level 0. */
  decided(beat: number, fields: Omit<Message<'CascadeReportsReply'>, 'correlation'>): Decision {
    const { assignments, cascades: brokers } = decisionFrom(fields)
    const cascades = this.#heard.take({ ...numbersOf(fields), brokers })
    this.#sent.taken(beat, fields.taken ?? 0)
    return { assignments, cascades }
  }
}

type Numbers = Pick<Message<'CascadeBeatReply'>, 'list' | 'listAfter' | 'gone'>

function numbersOf({ list = 0, listAfter = 0, gone = [] }: Numbers): Required<Numbers> {
  return { list, listAfter, gone }
}
