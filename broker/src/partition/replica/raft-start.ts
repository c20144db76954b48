import type { LogIndex } from '@tailrace/schemas'
import type { GroupLog } from '../../log/log-storage.ts'
import type { RaftStart } from '../../raft/config.ts'
import { configurationIn } from './state/configuration-codec.ts'

/** The facts of a log that the core needs. */
export function raftStart(log: GroupLog, commitHint: LogIndex): RaftStart {
  return {
    hardState: log.hardState,
    prevIndex: log.prevIndex,
    prevTerm: log.prevTerm,
    lastIndex: log.lastIndex,
    nextOffset: log.endOffset,
    terms: log.terms,
    configurations: log.configurations.map(({ index, batch }) => ({ index, configuration: configurationIn(batch) })),
    commitHint,
  }
}
