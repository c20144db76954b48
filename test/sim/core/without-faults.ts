import type { SwarmOptions } from './swarm-options.ts'

/** The faults that a history can do without, as changes of its options. */
const absences: Readonly<Record<string, Partial<SwarmOptions>>> = {
  crashes: { crashEvery: 0, candidateFalls: 0 },
  partitions: { partitionEvery: 0, partitionsAtLeader: false },
  campaigns: { campaignEvery: 0 },
  unreachable: { unreachableEvery: 0 },
  changes: { changeEvery: 0, schismEvery: 0, hastyChanges: 0 },
  transfers: { transferEvery: 0 },
  reads: { readEvery: 0 },
  compaction: { compactEvery: 0, offerEvery: 0 },
  tokens: { tokenEvery: 0 },
  'unsynced-survives': { keepUnsynced: 0 },
  'read-failures': { readFailure: 0 },
}

export const absenceNames = Object.keys(absences)

/** The options without the named classes of faults. @throws RangeError for an unknown name */
export function withoutFaults(options: SwarmOptions, without: readonly string[]): SwarmOptions {
  let left = options
  for (const name of without) {
    const absence = absences[name]
    if (absence === undefined) throw new RangeError(`"${name}" is no class of faults: ${absenceNames.join(' ')}`)
    left = { ...left, ...absence }
  }
  return left
}
