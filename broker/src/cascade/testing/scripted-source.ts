import { encodeFrame, type Frame, type Message, parseFrame, TailraceError } from '@tailrace/schemas'
import { schemasFrame } from '@tailrace/schemas/foreign-streams'
import type { MessageSocket, MessageSockets } from '../../platform/message-socket.ts'

/** Requests that a cascade broker makes to its source for itself. */
export type AskedName = 'CascadeBeat' | 'CascadeTopics' | 'CascadeSecurity'
export type Answers = { readonly [Name in AskedName]: Omit<Message<`${Name}Reply`>, 'correlation'> }

/** Bytes: a frame as it stands. null: no answer. An error: a Failure. */
export type Answer = object | Uint8Array | TailraceError | null

/** One connection to the source. */
export class ScriptedConnection implements MessageSocket {
  onClose: (reason: string) => void = () => {}
  readonly queuedBytes = 0
  /** The names of the messages that came, in order. */
  readonly heard: string[] = []
  isOpen = true
  readonly #answer: (name: AskedName, correlation: number) => Answer
  #onMessage: (bytes: Uint8Array) => void = () => {}

  constructor(answer: (name: AskedName, correlation: number) => Answer) {
    this.#answer = answer
  }

  set onMessage(listener: (bytes: Uint8Array) => void) {
    this.#onMessage = listener
    this.say(schemasFrame(true))
  }

  send(pieces: readonly Uint8Array[]): void {
    const frame = parseFrame(joined(pieces))
    this.heard.push(frame.name)
    if (isAsked(frame)) this.#reply(frame.name, frame.fields.correlation)
  }

  /** The source sends this. */
  say(pieces: readonly Uint8Array[]): void {
    queueMicrotask(() => this.isOpen && this.#onMessage(joined(pieces)))
  }

  /** The source ends the connection. */
  end(reason: string): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.onClose(reason)
  }

  destroy(): void {
    this.end('destroyed')
  }

  #reply(name: AskedName, correlation: number): void {
    const answer = this.#answer(name, correlation)
    if (answer === null) return
    if (answer instanceof Uint8Array) this.say([answer])
    else if (answer instanceof TailraceError) {
      this.say(encodeFrame('Failure', { correlation, error: answer.toJSON() }))
    } else this.say(encodeFrame(`${name}Reply`, { ...answer, correlation } as Message<`${AskedName}Reply`>))
  }
}

/** A source that answers on its WebSocket by a script, with all connections that it has had. */
export class ScriptedSource implements MessageSockets {
  readonly connections: ScriptedConnection[] = []
  readonly #answer: (name: AskedName, correlation: number) => Answer

  constructor(answer: (name: AskedName, correlation: number) => Answer) {
    this.#answer = answer
  }

  async connect(): Promise<MessageSocket> {
    const connection = new ScriptedConnection(this.#answer)
    this.connections.push(connection)
    return connection
  }
}

function isAsked(frame: Frame): frame is Extract<Frame, { name: AskedName }> {
  return frame.name === 'CascadeBeat' || frame.name === 'CascadeTopics' || frame.name === 'CascadeSecurity'
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces))
}
