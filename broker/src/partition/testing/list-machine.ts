import type { EntryHeader, LogIndex, Term } from '@tailrace/schemas'
import type { MachineSnapshot, MachineSnapshots, StateMachine } from '../group.ts'
import { recordsOf } from './batches.ts'

interface Listed {
  readonly index: LogIndex
  /** Missing: not known. */
  readonly term?: Term
  readonly records: readonly string[]
}

/** The disk of a machine; outlives the broker. */
export interface ListDisk {
  listed: Listed
}

export function emptyListDisk(): ListDisk {
  return { listed: { index: 0, records: [] } }
}

/** A state machine that lists `offset:value` of all records; its disk has the flushed ones. */
export class ListMachine implements StateMachine, MachineSnapshots {
  readonly snapshots: MachineSnapshots = this
  /** How often a state was taken in from elsewhere. */
  loads = 0
  takes = 0
  /** Called when a state has been taken in, before the caller knows. */
  onRestored = (): void => {}
  readonly #disk: ListDisk
  #index: LogIndex
  #term: Term
  #records: string[]

  constructor(disk: ListDisk) {
    this.#disk = disk
    this.#index = disk.listed.index
    this.#term = disk.listed.term ?? 0
    this.#records = [...disk.listed.records]
  }

  get appliedIndex(): LogIndex {
    return this.#index
  }

  get appliedTerm(): Term {
    return this.#term
  }

  get records(): readonly string[] {
    return this.#records
  }

  apply(header: EntryHeader, batch: Uint8Array): void {
    this.#index = header.index
    this.#term = header.term
    this.#records.push(...recordsOf([batch]))
  }

  async flush(): Promise<LogIndex> {
    this.#disk.listed = { index: this.#index, term: this.#term, records: [...this.#records] }
    return this.#index
  }

  async take(): Promise<MachineSnapshot> {
    this.takes += 1
    const index = this.#index
    const records = [...this.#records]
    return {
      index,
      async *chunks() {
        for (const record of records) yield new TextEncoder().encode(`${record}\n`)
      },
      close: async () => {},
    }
  }

  async restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = []
    for await (const chunk of chunks) pieces.push(chunk)
    const records = new TextDecoder().decode(Buffer.concat(pieces)).split('\n').slice(0, -1)
    this.#disk.listed = { index, records }
    this.#index = index
    this.#term = 0
    this.#records = [...records]
    this.loads += 1
    this.onRestored()
  }
}
