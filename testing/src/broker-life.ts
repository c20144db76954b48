import { Duplex } from 'node:stream'
import type { Clock, Dial, Disk, DiskFile, Network, StateSnapshot, StateStore, TimerHandle } from 'tailrace/embedded'

const never: TimerHandle = { cancel: () => {} }

/**
 * One life of a broker, from a start to a stop or a kill. After its end no timer fires, no file changes, and no answer
 * comes, as for a process that is gone: what the broker waits for is left to the garbage collector.
 */
export class BrokerLife {
  #ended = false
  readonly #timers = new Set<TimerHandle>()
  /** Asked of the disk and of the store, and not answered yet. */
  readonly #underWay = new Set<Promise<unknown>>()
  /** What closes the files and stores that are open, in the order in which they were opened. */
  readonly #open = new Set<() => Promise<void>>()
  /** Connections of a cascade broker to its sources. */
  readonly #sockets = new Set<Duplex>()

  get ended(): boolean {
    return this.#ended
  }

  /** Resolves when nothing that the life has asked for is under way, and all that it had open is closed. */
  async end(): Promise<void> {
    this.#ended = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    for (const socket of this.#sockets) drop(socket)
    this.#sockets.clear()
    await Promise.allSettled(this.#underWay)
    for (const close of [...this.#open].reverse()) await close()
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
      open: (path) => this.#do(async () => this.#file(await disk.open(path))),
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
    const close = this.#opened(() => store.close())
    return {
      get: (key) => this.#do(() => store.get(key)),
      range: (from, to) => this.#each(store.range(from, to)),
      write: (changes) => this.#do(() => store.write(changes)),
      flush: () => this.#do(() => store.flush()),
      snapshot: () => this.#snapshot(store.snapshot()),
      close: () => this.#do(close),
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

  dial(dial: Dial): Dial {
    return (address) => {
      // Nobody waits for it any more.
      if (this.#ended) return new Duplex({ construct: () => {} })
      const socket = dial(address)
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      return socket
    }
  }

  #file(file: DiskFile): DiskFile {
    const close = this.#opened(() => file.close())
    return {
      path: file.path,
      read: (into, position) => this.#do(() => file.read(into, position)),
      write: (pieces, position) => this.#do(() => file.write(pieces, position)),
      sync: () => this.#do(() => file.sync()),
      truncate: (size) => this.#do(() => file.truncate(size)),
      size: () => this.#do(() => file.size()),
      close: () => this.#do(close),
    }
  }

  #snapshot(snapshot: StateSnapshot): StateSnapshot {
    const close = this.#opened(() => snapshot.close())
    return {
      get: (key) => this.#do(() => snapshot.get(key)),
      range: (from, to) => this.#each(snapshot.range(from, to)),
      close: () => this.#do(close),
    }
  }

  async *#each<Item>(items: AsyncIterable<Item>): AsyncIterable<Item> {
    const iterator = items[Symbol.asyncIterator]()
    const close = this.#opened(async () => void (await iterator.return?.()))
    try {
      for (;;) {
        const next = await this.#do(() => iterator.next())
        if (next.done) return
        yield next.value
      }
    } finally {
      await this.#do(close)
    }
  }

  /** Registers what closes something; to be called once, by the broker or at the end of the life. */
  #opened(close: () => Promise<void>): () => Promise<void> {
    const once = (): Promise<void> => {
      this.#open.delete(once)
      return close()
    }
    this.#open.add(once)
    return once
  }

  #do<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#answer(async () => {
      const asked = work()
      this.#underWay.add(asked)
      await Promise.allSettled([asked])
      this.#underWay.delete(asked)
      return asked
    })
  }

  /** The end does not wait for it. */
  async #answer<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#ended) return new Promise(() => {})
    const [answer] = await Promise.allSettled([work()])
    if (this.#ended) return new Promise(() => {})
    if (answer.status === 'rejected') throw answer.reason
    return answer.value
  }
}

/** Its owner learns nothing any more, the other side that it is gone. */
function drop(socket: Duplex): void {
  for (const event of socket.eventNames()) if (typeof event === 'string') socket.removeAllListeners(event)
  socket.on('error', () => {})
  socket.destroy()
}
