import type { Clock, Disk, DiskFile, Network, StateStore, TimerHandle } from 'tailrace/embedded'

const never: TimerHandle = { cancel: () => {} }

/** Something that is open: what is asked of it, and its end. */
interface Use {
  do<Result>(work: () => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/**
 * One life of a broker, from a start to a stop or a kill. After its end no timer fires, no file changes, and no answer
 * comes, as for a process that is gone: what the broker waits for is left to the garbage collector.
 */
export class BrokerLife {
  #ended = false
  readonly #timers = new Set<TimerHandle>()
  /** Open files and stores, by what closes them. */
  readonly #open = new Set<() => Promise<void>>()

  get ended(): boolean {
    return this.#ended
  }

  /** Resolves when the files that the life had open are closed. */
  async end(): Promise<void> {
    this.#ended = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    await Promise.all([...this.#open].map((close) => close()))
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, call) => {
        if (this.#ended) return never
        const timer = clock.after(ms, () => {
          this.#timers.delete(handle)
          call()
        })
        const handle = this.#kept(timer)
        return handle
      },
      every: (ms, call) => (this.#ended ? never : this.#kept(clock.every(ms, call))),
      soon: (call) =>
        clock.soon(() => {
          if (!this.#ended) call()
        }),
    }
  }

  #kept(timer: TimerHandle): TimerHandle {
    const handle = {
      cancel: () => {
        this.#timers.delete(handle)
        timer.cancel()
      },
    }
    this.#timers.add(handle)
    return handle
  }

  /** The folder is the broker's own: nobody else could take it. */
  disk(disk: Disk): Disk {
    return {
      open: async (path) => this.#file(await this.#do(() => disk.open(path))),
      list: (folder) => this.#do(() => disk.list(folder)),
      makeFolder: (folder) => this.#do(() => disk.makeFolder(folder)),
      rename: (from, to) => this.#do(() => disk.rename(from, to)),
      remove: (path) => this.#do(() => disk.remove(path)),
      syncFolder: (folder) => this.#do(() => disk.syncFolder(folder)),
      size: (path) => this.#do(() => disk.size(path)),
      free: (folder) => this.#do(() => disk.free(folder)),
      lock: async () => {},
    }
  }

  store(store: StateStore): StateStore {
    const use = this.#opened(() => store.close())
    return {
      get: (key) => use.do(() => store.get(key)),
      range: (from, to) => store.range(from, to),
      write: (changes) => use.do(() => store.write(changes)),
      flush: () => use.do(() => store.flush()),
      snapshot: () => store.snapshot(),
      close: () => use.close(),
    }
  }

  /** Connections that are there at the end are for the network to close. */
  network(network: Network): Network {
    return {
      listen: (address, onStream) => this.#do(() => network.listen(address, onStream)),
      connect: async (address, timeoutMs) => {
        const stream = await network.connect(address, timeoutMs)
        if (!this.#ended) return stream
        stream.destroy()
        return new Promise(() => {})
      },
    }
  }

  #file(file: DiskFile): DiskFile {
    const use = this.#opened(() => file.close())
    return {
      path: file.path,
      read: (into, position) => use.do(() => file.read(into, position)),
      write: (pieces, position) => use.do(() => file.write(pieces, position)),
      sync: () => use.do(() => file.sync()),
      truncate: (size) => use.do(() => file.truncate(size)),
      size: () => use.do(() => file.size()),
      close: () => use.close(),
    }
  }

  /** Closed at the end of the life, once no operation on it is under way, unless the broker has closed it before. */
  #opened(close: () => Promise<void>): Use {
    const underWay = new Set<Promise<unknown>>()
    const closeAtEnd = async (): Promise<void> => {
      await Promise.allSettled(underWay)
      await close()
    }
    this.#open.add(closeAtEnd)
    return {
      do: (work) => {
        if (this.#ended) return new Promise(() => {})
        const result = work()
        underWay.add(result)
        const forget = () => underWay.delete(result)
        result.then(forget, forget)
        return this.#do(() => result)
      },
      close: () =>
        this.#do(async () => {
          this.#open.delete(closeAtEnd)
          await close()
        }),
    }
  }

  async #do<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.#ended) {
      const [result] = await Promise.allSettled([work()])
      if (!this.#ended) {
        if (result.status === 'fulfilled') return result.value
        throw result.reason
      }
    }
    return new Promise(() => {})
  }
}
