import { currentCredential, signOut } from './credential.ts'
import { type ApiError, errorOf } from './http.ts'

type Message = Readonly<Record<string, unknown>> & { readonly op: string; readonly id?: string }

interface Open {
  readonly ask: object
  /** Asked again on each connection; what it says next replaces `ask`. */
  readonly receive: (message: Message) => object | undefined
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 4000

/**
 * One WebSocket to the broker for the whole page; it is opened again when it breaks, but not after a refusal that asks
 * for a credential: the same one would be refused again.
 */
export class Stream {
  readonly #open = new Map<string, Open>()
  readonly #onStatus: (isOpen: boolean, error: ApiError | null) => void
  #socket: WebSocket | null = null
  #isReady = false
  #pauseMs = FIRST_PAUSE_MS
  #timer: ReturnType<typeof setTimeout> | undefined
  #last = 0

  /** `onStatus`: it is open or not, and why it was refused. */
  constructor(onStatus: (isOpen: boolean, error: ApiError | null) => void) {
    this.#onStatus = onStatus
    this.#connect()
  }

  /**
   * Sends a request whose answers come until it is stopped, on each connection anew. `receive` may give another request
   * for the next connection: one that goes on where this one was. Returns how to stop, with the message that says so.
   */
  start(ask: object, stop: object, receive: Open['receive']): () => void {
    this.#last += 1
    const id = String(this.#last)
    this.#open.set(id, { ask: { ...ask, id }, receive })
    if (this.#isReady) this.#send({ ...ask, id })
    return () => {
      if (this.#open.delete(id) && this.#isReady) this.#send({ ...stop, id })
    }
  }

  close(): void {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }

  #connect(): void {
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/stream`)
    this.#socket = socket
    socket.onopen = () => {
      const credential = currentCredential()
      if (credential === null) return this.#begin()
      const { kind: _, ...shown } = credential
      this.#send({ op: 'authenticate', id: 'sign-in', ...shown })
    }
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as Message)
    socket.onclose = () => this.#lost(socket)
  }

  #begin(): void {
    this.#isReady = true
    this.#pauseMs = FIRST_PAUSE_MS
    this.#onStatus(true, null)
    for (const { ask } of this.#open.values()) this.#send(ask)
  }

  #receive(message: Message): void {
    if (message.id === 'sign-in') {
      if (message.op === 'authenticated') this.#begin()
      else this.#refuse(errorOf(message))
      return
    }
    const open = message.id === undefined ? undefined : this.#open.get(message.id)
    if (message.op === 'error') {
      const error = errorOf(message)
      if (error.needsSignIn) this.#refuse(error)
      // A subscription shows its own errors.
      else if (open === undefined) this.#onStatus(this.#isReady, error)
      // It has ended: it is neither asked again nor stopped.
      else if (message.partition === undefined) this.#open.delete(message.id!)
    }
    if (open === undefined) return
    const next = open.receive(message)
    if (next !== undefined && this.#open.has(message.id!))
      this.#open.set(message.id!, { ...open, ask: { ...next, id: message.id } })
  }

  /** Any other refusal of a credential, as that of a broker with too much to do, is tried again. */
  #refuse(error: ApiError): void {
    if (error.needsSignIn) {
      if (error.code === 'AUTHENTICATION_FAILED') signOut()
      this.#isReady = false
      this.close()
    } else this.#socket?.close()
    this.#onStatus(false, error)
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return
    this.#isReady = false
    this.#onStatus(false, null)
    this.#timer = setTimeout(() => this.#connect(), this.#pauseMs)
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify(message))
  }
}
