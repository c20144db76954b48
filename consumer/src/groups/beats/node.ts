import { Worker } from 'node:worker_threads'
import { type ClientOptions, type ClientSurroundings, clientOptionsOf, machine, withResolvers } from '@tailrace/client'
import type { BeatEvents, Beats, GivenUpLease } from './beat-messages.ts'
import { monotonicMs } from './monotonic.ts'
import { Pulse } from './pulse.ts'
import { type BeatParts, beatsOfThisThread, type Started } from './start-beats.ts'
import type { WorkerData, WorkerNote, WorkerOrder } from './worker-messages.ts'

/** A clock that all threads of the process share; that of a simulator, which has one thread. */
export function clockOf(surroundings: ClientSurroundings): () => number {
  return surroundings === machine ? monotonicMs : surroundings.monotonic
}

/** Connections are this process's own: none ends without its noticing that. */
export const leavesOnDisconnect = true

/** How long a worker may take to leave the group; its own time limit is shorter. */
const LEAVE_MS = 5_000

/**
 * In Node.js: a worker thread, whose beats leave on time while this thread is busy. Where none can be started, as in a
 * bundle without the worker's file, timers of this thread.
 */
export function startBeats(parts: BeatParts): Started {
  const { surroundings } = parts.client
  const memory = new SharedArrayBuffer(Pulse.bytes)
  const isMachine = surroundings === machine
  if (!parts.useWorker || !isMachine) return beatsOfThisThread(parts, clockOf(surroundings), memory)
  try {
    const beats = new WorkerBeats(parts, memory)
    return { pulse: new Pulse(memory), beats }
  } catch {
    return beatsOfThisThread(parts, monotonicMs, memory)
  }
}

/** The end of the address of this file where it runs as it is written here. */
const ownSource = '/node.ts'

/**
 * The packed file is named as a text beside `import.meta.url`, so that bundlers that know this form find it. That of
 * the sources is named in another form: bundlers would look for it, too, and fail.
 */
function startWorker(workerData: WorkerData): Worker {
  const folder = import.meta.url.endsWith(ownSource) ? import.meta.url.slice(0, -ownSource.length) : undefined
  return folder === undefined
    ? new Worker(new URL('./beats-worker.js', import.meta.url), { workerData })
    : new Worker(new URL(`${folder}/beats-worker.ts`), { workerData })
}

class WorkerBeats implements Beats {
  readonly #parts: BeatParts
  readonly #memory: SharedArrayBuffer
  readonly #worker: Worker
  readonly #left = withResolvers<void>()
  #isReady = false
  #isOver = false
  /** In the place of a worker that has failed. */
  #instead: Beats | undefined

  constructor(parts: BeatParts, memory: SharedArrayBuffer) {
    this.#parts = parts
    this.#memory = memory
    const [options, asksForTokens] = transferable(clientOptionsOf(parts.options))
    this.#worker = startWorker({ memory, settings: parts.settings, options, asksForTokens })
    this.#worker.unref()
    this.#worker.on('message', (note: WorkerNote) => this.#heard(note))
    this.#worker.on('error', () => this.#failed())
    this.#worker.on('exit', () => this.#failed())
  }

  get from(): 'worker' | 'timers' {
    return this.#instead === undefined ? 'worker' : 'timers'
  }

  release(partition: Parameters<Beats['release']>[0], token: number): void {
    if (this.#instead !== undefined) this.#instead.release(partition, token)
    else this.#order({ kind: 'release', partition, token })
  }

  returned(lease: GivenUpLease): void {
    if (this.#instead !== undefined) this.#instead.returned(lease)
    else this.#order({ kind: 'returned', lease })
  }

  hurry(): void {
    if (this.#instead !== undefined) this.#instead.hurry()
    else this.#order({ kind: 'hurry' })
  }

  rejoin(): void {
    if (this.#instead !== undefined) this.#instead.rejoin()
    else this.#order({ kind: 'rejoin' })
  }

  async leave(): Promise<void> {
    if (this.#instead !== undefined) return this.#instead.leave()
    this.#isOver = true
    this.#order({ kind: 'leave' })
    const timer = setTimeout(() => this.#left.resolve(), LEAVE_MS)
    await this.#left.promise
    clearTimeout(timer)
    await this.#worker.terminate()
  }

  close(): void {
    this.#instead?.close()
    this.#isOver = true
    void this.#worker.terminate()
  }

  #order(order: WorkerOrder): void {
    this.#worker.postMessage(order)
  }

  #heard(note: WorkerNote): void {
    const events: BeatEvents = this.#parts.events
    if (note.kind === 'ready') this.#isReady = true
    else if (note.kind === 'left') this.#left.resolve()
    else if (this.#isOver) return
    else if (note.kind === 'token') void this.#giveToken(note.id)
    else if (note.kind === 'told') events.told(note.told)
    else if (note.kind === 'lost') events.lost(note.reason, note.generation)
    else if (note.kind === 'gaveUp') events.gaveUp(note.lease)
    else if (note.kind === 'stuck') events.stuck(note.record)
    else events.failed(note.error)
  }

  /** The beats go on by timers, as another member; what the worker had is lost. */
  #failed(): void {
    this.#left.resolve()
    if (this.#isOver || this.#instead !== undefined) return
    const { pulse, beats } = beatsOfThisThread(this.#parts, monotonicMs, this.#memory)
    this.#instead = beats
    if (!this.#isReady) return
    pulse.generation++
    this.#parts.events.lost('fenced', pulse.generation)
  }

  async #giveToken(id: number): Promise<void> {
    const { credentials } = this.#parts.options
    if (credentials === undefined || !('token' in credentials) || typeof credentials.token !== 'function') return
    try {
      this.#order({ kind: 'token', id, token: await credentials.token() })
    } catch (error) {
      this.#order({ kind: 'token', id, error: error instanceof Error ? error.message : String(error) })
    }
  }
}

/** What can be sent to another thread, and whether it has to ask this one for tokens. */
function transferable(options: ClientOptions): [ClientOptions, boolean] {
  const { credentials, ...others } = options
  const asks = credentials !== undefined && 'token' in credentials && typeof credentials.token === 'function'
  return asks ? [others, true] : [options, false]
}
