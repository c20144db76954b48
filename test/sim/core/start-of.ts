import type { TermStart } from '@tailrace/schemas'
import type { RaftStart } from '../../../broker/src/raft/config.ts'
import type { SimDisk } from './sim-disk.ts'

/** The description of the disk for a core that starts, or whose log a fetched state has replaced. */
export function startOf(disk: SimDisk): RaftStart {
  const terms: TermStart[] = []
  for (const { header } of disk.entries) {
    if (header.index <= disk.prevIndex) continue
    if (terms.at(-1)?.term !== header.term)
      terms.push({ term: header.term, index: header.index, offset: header.baseOffset })
  }
  const last = disk.entries.at(-1)?.header
  // Only a disk that forgets terms (a defect) can hold an entry of a term later than its hard state.
  const lastTerm = last?.term ?? 0
  const hardState = disk.hardState.term >= lastTerm ? disk.hardState : { term: lastTerm, votedFor: 0 }
  return {
    hardState,
    prevIndex: disk.prevIndex,
    prevTerm: disk.prevIndex === 0 ? 0 : disk.entries[disk.prevIndex - 1]!.header.term,
    lastIndex: last?.index ?? 0,
    nextOffset: last === undefined ? 0 : last.lastOffset + 1,
    terms,
    configurations: disk.configurations,
    commitHint: disk.commitHint,
  }
}
