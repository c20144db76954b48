import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'

export interface ReadEvent {
  /** Empty where the server names none. */
  readonly event: string
  /** The last id so far, as a browser keeps it. */
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, each compared as a whole
  readonly data: any
}

/** A client of server-sent events that reads as the standard of HTML says, but asks for nothing again. */
export class EventReader {
  readonly answer: IncomingMessage
  /** Resolves when the answer has ended; rejects where its connection was lost. */
  readonly ended: Promise<void>
  /** The last that was received, also without an event. */
  lastId = ''
  retry: number | null = null
  comments = 0
  readonly #asked: ClientRequest
  readonly #events: ReadEvent[] = []
  #waiting: (() => void) | null = null
  #isOver = false
  #rest = ''

  private constructor(asked: ClientRequest, answer: IncomingMessage) {
    this.#asked = asked
    this.answer = answer
    answer.setEncoding('utf8')
    answer.on('data', (text: string) => this.#read(text))
    this.ended = once(answer, 'end').then(() => {})
    const over = () => {
      this.#isOver = true
      this.#waiting?.()
    }
    this.ended.then(over, over)
  }

  /** Resolves with the headers of the answer, whichever it is. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const asked = request(url, { headers, agent: false })
    asked.on('error', () => {})
    asked.end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return new EventReader(asked, answer)
  }

  /** The next event; null: the stream has ended. */
  async next(): Promise<ReadEvent | null> {
    for (;;) {
      const event = this.#events.shift()
      if (event !== undefined) return event
      if (this.#isOver) return null
      await new Promise<void>((resolve) => (this.#waiting = resolve))
    }
  }

  /** The values of so many records that come next, whatever else comes. */
  async values(count: number): Promise<string[]> {
    const values: string[] = []
    while (values.length < count) {
      const event = await this.next()
      if (event === null) throw new Error(`The stream has ended after ${values.length} records.`)
      if (event.event === 'record') values.push(event.data.value)
    }
    return values
  }

  close(): void {
    this.#asked.destroy()
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop()!
    for (const block of blocks) this.#dispatch(block.split('\n'))
  }

  #dispatch(lines: readonly string[]): void {
    let [event, data] = ['', '']
    for (const line of lines) {
      const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!
      if (name === '') this.comments++
      else if (name === 'id') this.lastId = value
      else if (name === 'event') event = value
      else if (name === 'data') data += value
      else if (name === 'retry') this.retry = Number(value)
    }
    if (data === '') return
    this.#events.push({ event, id: this.lastId, data: JSON.parse(data) })
    this.#waiting?.()
  }
}
