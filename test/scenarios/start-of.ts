import type { HardState, TermStart } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import type { ConfigurationHeader, IndexedConfiguration, RaftStart } from '../../broker/src/raft/config.ts'
import type { StoredEntry } from '../sim/core/sim-disk.ts'
import type { StoryDisk } from './story-disk.ts'

/** The description of the disk for a core that starts, or whose log a fetched state has replaced. */
export function startOf(disk: StoryDisk): RaftStart {
  const { entries, prevIndex, prevTerm, commitHint } = disk
  const terms: TermStart[] = []
  for (const { header } of entries.slice(prevIndex)) {
    if (terms.at(-1)?.term !== header.term)
      terms.push({ term: header.term, index: header.index, offset: header.baseOffset })
  }
  const last = entries.at(-1)?.header
  // Only a disk that forgets terms (a defect) can hold an entry of a term later than its hard state.
  const forgotten: HardState = { term: last?.term ?? 0, votedFor: 0 }
  return {
    hardState: disk.hardState.term >= forgotten.term ? disk.hardState : forgotten,
    prevIndex,
    prevTerm,
    lastIndex: last?.index ?? 0,
    nextOffset: last === undefined ? 0 : last.lastOffset + 1,
    terms,
    configurations: knownConfigurations(disk),
    commitHint,
  }
}

/** The configurations that a log holds, oldest first. */
export function configurationsOf(entries: readonly StoredEntry[]): IndexedConfiguration[] {
  return entries
    .filter(({ header }) => header.kind === EntryKind.Configuration)
    .map(({ header }) => ({ index: header.index, configuration: (header as ConfigurationHeader).configuration }))
}

/** The configuration that governed at prevIndex, and all after it. */
function knownConfigurations({ entries, prevIndex }: StoryDisk): IndexedConfiguration[] {
  const all = configurationsOf(entries)
  const base = all.findLastIndex(({ index }) => index <= prevIndex)
  return base < 0 ? all : all.slice(base)
}
