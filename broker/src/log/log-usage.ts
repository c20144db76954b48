import type { StoredGroupLog } from './group-log.ts'
import type { Journal } from './journal/journal.ts'
import type { LogUsage } from './log-storage.ts'
import type { Rounds } from './rounds.ts'
import type { Segment } from './segment/segment.ts'
import { INDEX_ENTRY_BYTES } from './segment/sparse-index.ts'
import type { DiskSpace } from './space/disk-space.ts'

export interface LogUsageDeps {
  readonly parts: () => { readonly journal: Journal; readonly rounds: Rounds }
  readonly space: DiskSpace
  readonly logs: Iterable<StoredGroupLog>
}

/** Counted by a walk over the segments, which are some for each partition. */
export class StoredLogsUsage implements LogUsage {
  readonly #deps: LogUsageDeps

  constructor(deps: LogUsageDeps) {
    this.#deps = deps
  }

  get journalFiles(): number {
    return this.#deps.parts().journal.fileNames.length
  }

  get segments(): number {
    return this.#sum(() => 1)
  }

  get diskBytes(): number {
    return this.#deps.parts().journal.bytes + this.#sum(({ bytes }) => bytes)
  }

  get freeBytes(): number {
    return this.#deps.space.available
  }

  get reserveBytes(): number {
    return this.#deps.space.reserve
  }

  get secondsUntilFull(): number {
    return this.#deps.space.secondsUntilFull
  }

  get journalMemory(): number {
    return this.#deps.parts().rounds.memoryBytes
  }

  get segmentMemory(): number {
    return this.#sum(({ index }) => (index === null ? 0 : index.length * INDEX_ENTRY_BYTES))
  }

  #sum(of: (segment: Segment) => number): number {
    let sum = 0
    for (const log of this.#deps.logs) for (const segment of log.segments.list) sum += of(segment)
    return sum
  }
}
