import type { Disk, DiskFile } from '../../platform/disk.ts'

interface OpenFile {
  readonly path: string
  readonly file: Promise<DiskFile>
  users: number
  /** Set when the last user is to close the file. */
  onUnused: (() => void) | null
}

/**
 * The open segment files of all groups. A file is never closed while it is in use: its descriptor could be given to
 * another file in the meantime. Files that are not in use are closed when there are many, the one that was used longest
 * ago first.
 */
export class OpenFiles {
  readonly #disk: Disk
  readonly #most: number
  readonly #open = new Map<string, OpenFile>()

  /** `most`: how many stay open for the next read or write. */
  constructor(disk: Disk, most: number) {
    this.#disk = disk
    this.#most = most
  }

  /**
   * Creates the file where it is missing. The file is taken before this returns, so a removal that begins later waits
   * for it.
   */
  async use<Result>(path: string, work: (file: DiskFile) => Promise<Result>): Promise<Result> {
    const entry = this.#take(path)
    try {
      return await work(await entry.file)
    } finally {
      entry.users--
      if (entry.users === 0) entry.onUnused?.()
    }
  }

  /** Before the file is removed: present users finish, no other gets it. */
  async forget(path: string): Promise<void> {
    const entry = this.#open.get(path)
    if (entry === undefined) return
    this.#open.delete(path)
    if (entry.users > 0) {
      await new Promise<void>((resolve) => {
        entry.onUnused = resolve
      })
    }
    await entry.file.then((file) => file.close())
  }

  async close(): Promise<void> {
    for (const path of [...this.#open.keys()]) await this.forget(path)
  }

  #take(path: string): OpenFile {
    let entry = this.#open.get(path)
    if (entry === undefined) {
      entry = { path, file: this.#disk.open(path), users: 0, onUnused: null }
      // One that cannot be opened must be tried again next time.
      entry.file.catch(() => {
        if (this.#open.get(path) === entry) this.#open.delete(path)
      })
    } else {
      this.#open.delete(path)
    }
    this.#open.set(path, entry)
    entry.users++
    if (this.#open.size > this.#most) this.#closeOne()
    return entry
  }

  #closeOne(): void {
    for (const entry of this.#open.values()) {
      if (entry.users > 0) continue
      this.#open.delete(entry.path)
      entry.file.then((file) => file.close()).catch(() => {})
      return
    }
  }
}
