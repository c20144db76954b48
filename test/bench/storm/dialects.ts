/** How the subscribers of each kind of server ask for the stream, and go on with it on the next connection. */

export type Kind = 'tailrace' | 'socket.io' | 'ws'

/** What a subscriber keeps from one connection to the next. */
export interface Resume {
  session: string | null
  position: string | null
}

/**
 * `open`: the stream has begun. `refused`: it will not on this connection, but may on another. `answer`: to be sent.
 */
export type Heard = 'open' | 'records' | 'refused' | { readonly answer: string } | null

export interface Dialect {
  readonly path: string
  /** What is sent behind the handshake; null: nothing. */
  opening(resume: Resume): string | null
  /** Takes a message of text, and what is in it for the next connection. @throws Error for what no retry mends */
  hear(message: Buffer, resume: Resume): Heard
}

export const topic = 'storm'

/** Of the end of a message: all that is behind its records. */
function endOf(message: Buffer, bytes: number): string {
  return message.toString('latin1', Math.max(0, message.length - bytes))
}

interface Told {
  readonly op: string
  readonly partitions: readonly { readonly offset: number }[]
  readonly code?: string
  readonly retriable?: boolean
}

const RECORDS = Buffer.from('{"op":"records"')

const tailrace: Dialect = {
  path: '/stream',
  opening({ position }) {
    const partition = position === null ? 0 : { partition: 0, from: Number(position) }
    return JSON.stringify({ op: 'subscribe', id: 's', topic, partitions: [partition] })
  },
  hear(message, resume) {
    if (message.subarray(0, RECORDS.length).equals(RECORDS)) {
      resume.position = /"nextOffset":(\d+),"highWatermark":\d+\}$/.exec(endOf(message, 80))![1]!
      return 'records'
    }
    const { op, partitions, code, retriable } = JSON.parse(String(message)) as Told
    if (op === 'subscribed') {
      resume.position ??= String(partitions[0]!.offset)
      return 'open'
    }
    // A cascade broker that has just started may be behind this subscriber.
    if (op === 'error' && (retriable || code === 'OFFSET_OUT_OF_RANGE')) return 'refused'
    throw new Error(String(message))
  },
}

/** Engine.IO 4 and Socket.IO 5: the first character is the type of the packet, behind a 4 that of the message. */
const socketIo: Dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  opening: () => null,
  hear(message, resume) {
    const text = message.toString('latin1', 0, 2)
    if (text === '42') {
      // With recovery each event has its offset as the last argument.
      resume.position = /"([^"]+)"\]$/.exec(endOf(message, 60))![1]!
      return 'records'
    }
    if (text.startsWith('0')) {
      const { session: pid, position: offset } = resume
      return { answer: pid === null || offset === null ? '40' : `40${JSON.stringify({ pid, offset })}` }
    }
    if (text === '40') {
      resume.session = (JSON.parse(message.toString('utf8', 2)) as { pid: string }).pid
      return 'open'
    }
    if (text === '2') return { answer: '3' }
    throw new Error(String(message))
  },
}

const ws: Dialect = {
  path: '/stream',
  opening: () => null,
  hear: () => 'records',
}

export const dialects: Readonly<Record<Kind, Dialect>> = { tailrace, 'socket.io': socketIo, ws }
