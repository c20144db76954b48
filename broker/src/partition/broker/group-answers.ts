import type { BrokerId, GroupId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { CopySource } from '../copies/copy-source.ts'
import type { GroupRequestName, GroupRequests, PeerAnswer } from '../peers.ts'
import { serveEntries } from '../replica/entry-server.ts'
import type { Replica } from '../replica/replica.ts'

type Answers = {
  readonly [Name in GroupRequestName]: (from: BrokerId, fields: Message<Name>) => Promise<PeerAnswer<Name>>
}

/** Answers requests of other brokers' replicas to those of this one. */
export class GroupAnswers implements GroupRequests {
  readonly #answers: Answers

  constructor(source: CopySource, replicaOf: (group: GroupId) => Replica | undefined) {
    const running = (group: GroupId): Replica => {
      const replica = replicaOf(group)
      if (replica === undefined || replica.driver.stopped) throw new TailraceError('UNKNOWN_PARTITION')
      if (replica.driver.inQuarantine) throw new TailraceError('NOT_READY', 'This replica has lost entries itself.')
      return replica
    }
    this.#answers = {
      CopyOpen: async (from, fields) => {
        const replica = running(fields.group)
        if (replica.incomplete) throw new TailraceError('NOT_READY', 'This replica is being brought up to date itself.')
        return source.answerOpen(from, replica, fields)
      },
      CopyRead: (_from, fields) => source.answerRead(fields),
      CopyClose: async (from, fields) => {
        const group = fields.damaged ? source.groupOf(fields.copy) : undefined
        if (group === undefined) return source.answerClose(from, fields)
        // Others read the same files: all copies of them are made anew.
        source.forget(group)
        await replicaOf(group)?.repairs.verify()
        return { fields: {}, body: [] }
      },
      ReadEntries: async (_from, fields) => {
        const { log } = running(fields.group).driver
        return serveEntries(log, fields)
      },
    }
  }

  answer<Name extends GroupRequestName>(from: BrokerId, name: Name, fields: Message<Name>): Promise<PeerAnswer<Name>> {
    const answers: { [N in GroupRequestName]: Answers[N] } = this.#answers
    return answers[name](from, fields)
  }
}
