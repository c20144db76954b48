import type { StoredGroupLog } from './group-log.ts'
import type { Checkpointer } from './recovery/checkpointer.ts'

export interface DiskDoubtDeps {
  readonly checkpointer: () => Checkpointer
  /** Every log whose removal is not durable. */
  readonly logs: ReadonlySet<StoredGroupLog>
  /** See GroupLogHost. */
  whenDurable(staged: () => boolean): Promise<boolean>
  isClosing(): boolean
}

/** Whether the disk may have lost writes that it had confirmed, also of groups that the log does not know any more. */
export class DiskDoubt {
  mayHaveForgotten = false
  readonly #deps: DiskDoubtDeps

  constructor(deps: DiskDoubtDeps) {
    this.#deps = deps
  }

  /** See LogStorage. */
  nothingForgotten(): void {
    const { logs, whenDurable, isClosing, checkpointer } = this.#deps
    if (!this.mayHaveForgotten) return
    const isKept = (): boolean => [...logs].every(({ damage, pending }) => damage === null || pending.announced)
    void whenDurable(isKept).then((durable) => {
      if (!durable || isClosing()) return
      this.mayHaveForgotten = false
      checkpointer().request()
    })
  }

  /** See LogStorage. `open`: the present logs of the groups. */
  async distrust(reason: string, open: Iterable<StoredGroupLog>): Promise<boolean> {
    const { logs, whenDurable, checkpointer } = this.#deps
    this.mayHaveForgotten = true
    for (const log of open) {
      if (log.damage === null) log.lose(log.lastIndex + 1, log.endOffset, reason)
    }
    const groupsKept = whenDurable(() => [...logs].every(({ pending }) => !pending.hasDamage))
    // Only a checkpoint tells of groups that the log does not know.
    const doubtKept = await checkpointer().make()
    return (await groupsKept) && doubtKept
  }
}
