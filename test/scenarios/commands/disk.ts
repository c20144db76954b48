import { toNumber, toNumbers } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { BadCommand } from '../failures.ts'

/** Disks and processes. Written is not durable: a write that no `persist` has covered is lost in a crash. */
export const disk: CommandTable = {
  /** `disk 1 2 manual`: their writes wait for `persist`; `disk 1 auto`: every write is durable at once. */
  disk: (story, { words }) => {
    const mode = words.at(-1)
    if (mode !== 'manual' && mode !== 'auto') throw new BadCommand('disk 1 2 manual, or auto')
    for (const id of toNumbers(words.slice(0, -1))) {
      const replica = story.running(id)
      replica.autoPersist = mode === 'auto'
      if (replica.autoPersist) replica.persist(Number.POSITIVE_INFINITY)
    }
  },
  /** `persist 1`: all writes; `persist 1 writes=2`: the oldest two. */
  persist: (story, { words, settings }) => {
    const writes = settings.get('writes')
    for (const id of toNumbers(words)) {
      const replica = story.running(id)
      const done = replica.persist(writes === undefined ? Number.POSITIVE_INFINITY : toNumber(writes))
      if (done === 0) throw new BadCommand(`broker ${id} has nothing to persist`)
      story.say(`${id} has ${replica.core!.durableIndex} of ${replica.log.length} entries durable`)
    }
  },
  /**
   * `crash 1`: the process and all that was not fsynced is gone; `keeping=2`: the oldest two writes reached the disk
   * all the same.
   */
  crash: (story, { words, settings }) => {
    for (const id of toNumbers(words)) {
      const replica = story.running(id)
      replica.disk.crash(toNumber(settings.get('keeping') ?? '0'))
      replica.stop()
      replica.log = replica.disk.entries.slice()
      story.invariants.durableMajority()
    }
  },
  /** `renew 2: 1`: the disk of broker 2, which is down, is gone; a blank replica takes its place, under admission 1. */
  renew: (story, { words, list }) => {
    for (const id of toNumbers(words)) {
      if (story.replica(id).core !== null) throw new BadCommand(`broker ${id} is up`)
      story.replica(id).renew(toNumber(list?.[0]))
    }
  },
  restart: (story, { words }) => {
    for (const id of toNumbers(words)) {
      if (story.replica(id).core !== null) throw new BadCommand(`broker ${id} is up`)
      story.start(id)
    }
  },
}
