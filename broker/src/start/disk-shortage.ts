import type { LogStorage } from '../log/log-storage.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'

const LOOK_EVERY_MS = 1000
const REMEDY = 'Free space on it, delete topics, or lower their retention.'

type Space = Pick<LogStorage, 'writable' | 'cramped' | 'usage'>

/** For operators: the disk has no room for records, what follows, and what to do; null: it has. No figure changes. */
export function diskShortage(storage: Space): string | null {
  const { writable, cramped } = storage
  if (writable) return null
  const follows = cramped ? 'replicas here take no records' : 'partitions that are led here take no records'
  return `${whatIsLeft(storage)}, so ${follows}. ${REMEDY}`
}

/** The same of a cascade broker. */
export function copyShortage(storage: Space): string | null {
  return storage.writable ? null : `${whatIsLeft(storage)}, so no records are copied. ${REMEDY}`
}

function whatIsLeft({ cramped, usage: { reserveBytes } }: Space): string {
  if (reserveBytes === 0) return 'The disk of this broker is full'
  const left = cramped ? 'less than half of the reserve' : 'less than the reserve'
  return `The disk of this broker is full: ${left} of ${reserveBytes} bytes (diskReserveBytes) is free`
}

export interface Room {
  readonly shortage: () => string | null
  cancel(): void
}

/** Logs a shortage at once, and whenever one begins, becomes another, or ends. */
export function watchRoom(shortage: () => string | null, clock: Clock, logger: Logger): Room {
  let last: string | null = null
  const look = (): void => {
    const reason = shortage()
    if (reason === last) return
    last = reason
    if (reason === null) logger.info({}, 'there is disk space again')
    else logger.error({ reason }, 'the disk has no room for records')
  }
  look()
  const looking = clock.every(LOOK_EVERY_MS, look)
  return { shortage, cancel: () => looking.cancel() }
}
