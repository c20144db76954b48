import type { BrokerId, GroupId, LogIndex, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { LogDescription, LogInstall, LogStorage } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import type { InstallRequest } from '../../raft/ready.ts'
import type { Peers } from '../peers.ts'
import { type CopyManifest, decodeManifest, STATE_FILE } from './copy-manifest.ts'
import type { CopyThrottle } from './copy-throttle.ts'

export interface StateFetchDeps {
  readonly group: GroupId
  readonly storage: Pick<LogStorage, 'beginInstall'>
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
  readonly crc32c: Crc32c
  readonly throttle: Pick<CopyThrottle, 'take'>
  readonly chunkBytes: number
  /** After this long without an answer or a link the source is given up. */
  readonly patienceMs: number
}

/** The received parts, beside the segments that `install` holds. */
export interface FetchedState {
  readonly manifest: CopyManifest
  readonly install: LogInstall
}

const REPLY_MS = 5000
const PAUSE_MS = 100
/** A source reads all its segments of the group, and gets damaged entries from other replicas. */
const CHECK_MS = 60_000
/** A derived state that is larger is not read into memory; state machines take theirs in pieces. */
const MAX_STATE_BYTES = 256 << 20

/**
 * Fetches a copy of a replica from the broker that offers it (M46, M54), one piece after the other, so that no more
 * than one is in memory. Pieces that were received are kept through lost links and restarts as long as the source has a
 * copy that begins and ends at the same entries.
 */
export class StateFetch {
  readonly #deps: StateFetchDeps
  readonly #request: InstallRequest
  #copy = 0
  #stopped = false
  receivedBytes = 0
  totalBytes = 0

  constructor(deps: StateFetchDeps, request: InstallRequest) {
    this.#deps = deps
    this.#request = request
  }

  get source(): BrokerId {
    return this.#request.source
  }

  stop(): void {
    this.#stopped = true
  }

  /** @throws TailraceError ABORTED after `stop` */
  checkGoing(): void {
    if (this.#stopped) throw new TailraceError('ABORTED')
  }

  /**
   * The segments of the copy, all of them.
   * @throws TailraceError with the code that the source answers; CONNECTION_LOST when it stays away
   */
  async segments(): Promise<FetchedState> {
    const { storage, group } = this.#deps
    let manifest = await this.#open()
    for (;;) {
      const install = await storage.beginInstall(group, manifest.description, manifest.files)
      this.totalBytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, manifest.stateBytes ?? 0)
      this.receivedBytes = manifest.files.reduce((sum, { name }) => sum + install.have(name), 0)
      const renewed = await this.#files(manifest, install)
      if (renewed === null) return { manifest, install }
      manifest = renewed
    }
  }

  /** The derived state of the source alone, as it is now. */
  async derivedState(): Promise<Uint8Array> {
    const manifest = await this.#open()
    return this.stateBytes(manifest.stateBytes ?? 0)
  }

  /** The derived state, piece by piece. */
  async *state(): AsyncIterable<Uint8Array> {
    for (let position = 0; ; ) {
      const bytes = await this.#read(STATE_FILE, position)
      // The state is not kept: where the copy is another one, it must be fetched from its start.
      if (bytes === null) throw new TailraceError('CONNECTION_LOST', 'The source has lost the copy.')
      if (bytes.length === 0) return
      position += bytes.length
      this.receivedBytes += bytes.length
      yield bytes
    }
  }

  /** The derived state as a whole. */
  async stateBytes(length: number): Promise<Uint8Array> {
    if (length > MAX_STATE_BYTES) throw new TailraceError('FRAME_TOO_LARGE', `A state of ${length} bytes.`)
    const whole = new Uint8Array(length)
    let at = 0
    for await (const piece of this.state()) {
      if (at + piece.length > length) throw new TailraceError('STORAGE_CORRUPT', 'The state is longer than described.')
      whole.set(piece, at)
      at += piece.length
      if (at === length) break
    }
    if (at < length) throw new TailraceError('STORAGE_CORRUPT', 'The state is shorter than described.')
    return whole
  }

  /** Tells the source that the copy is not needed any more. */
  async close(): Promise<void> {
    const { peers } = this.#deps
    const fields = { copy: this.#copy, damaged: false }
    await peers.request(this.source, 'CopyClose', fields, [], REPLY_MS).catch(() => undefined)
  }

  /**
   * Tells the source that its copy differs from its description, and waits until the source has looked at its files;
   * the next copy is another one.
   */
  async complain(): Promise<void> {
    const { peers } = this.#deps
    const fields = { copy: this.#copy, damaged: true }
    await peers.request(this.source, 'CopyClose', fields, [], CHECK_MS).catch(() => undefined)
  }

  /** A manifest instead of null: the source now has another copy, and the fetch begins again with that. */
  async #files(manifest: CopyManifest, install: LogInstall): Promise<CopyManifest | null> {
    for (const { name, bytes } of manifest.files) {
      for (let position = install.have(name); position < bytes; position = install.have(name)) {
        const piece = await this.#read(name, position)
        if (piece === null) {
          const renewed = await this.#open()
          if (!sameCopy(manifest, renewed)) return renewed
          continue
        }
        if (piece.length === 0 || position + piece.length > bytes) {
          throw new TailraceError('STORAGE_CORRUPT', `${name} of the copy is not as long as described.`)
        }
        await install.write(name, position, piece)
        this.receivedBytes += piece.length
      }
    }
    return null
  }

  async #open(): Promise<CopyManifest> {
    const { group, peers } = this.#deps
    const { lastIndex, lastTerm, source } = this.#request
    const { fields, body } = await this.#patiently(() =>
      peers.request(source, 'CopyOpen', { group, lastIndex, lastTerm }, [], REPLY_MS),
    )
    if (this.#isDamaged(body, fields.crc32c)) throw new TailraceError('STORAGE_CORRUPT', 'The manifest is damaged.')
    this.#copy = fields.copy
    const manifest = decodeManifest(body)
    // The installed log takes the place of the one here: it must not end before the offered entry, nor be another
    // group's.
    if (!covers(manifest.description, lastIndex, lastTerm))
      throw new TailraceError('STORAGE_CORRUPT', 'The copy is not of the state that was offered.')
    return manifest
  }

  /** A piece of a file, checked; null if the source does not know the copy (any more). */
  async #read(file: string, position: number): Promise<Uint8Array | null> {
    const { peers, chunkBytes: maxBytes, throttle } = this.#deps
    await throttle.take(maxBytes)
    try {
      return await this.#patiently(async () => {
        const fields = { copy: this.#copy, file, position, maxBytes }
        const reply = await peers.request(this.source, 'CopyRead', fields, [], REPLY_MS)
        if (this.#isDamaged(reply.body, reply.fields.crc32c))
          throw new TailraceError('CONNECTION_LOST', 'A damaged piece.')
        return reply.body
      })
    } catch (error) {
      if (error instanceof TailraceError && error.code === 'CLOSED') return null
      throw error
    }
  }

  /** Asks again while the link is down, or an answer is lost or damaged in transfer. */
  async #patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
    const { clock, patienceMs } = this.#deps
    const deadline = clock.monotonic() + patienceMs
    for (;;) {
      this.checkGoing()
      try {
        return await ask()
      } catch (error) {
        const code = error instanceof TailraceError ? error.code : ''
        const lost = code === 'CONNECTION_LOST' || code === 'TIMED_OUT' || code === 'OVERLOADED'
        if (!lost || clock.monotonic() >= deadline) throw error
      }
      await pause(clock, PAUSE_MS)
    }
  }

  #isDamaged(bytes: Uint8Array, crc: number): boolean {
    return this.#deps.crc32c(bytes, 0, bytes.length) !== crc
  }
}

/** Whether a log reaches the entry, and has it with this term as far as the description tells. */
function covers({ prevIndex, prevTerm, lastIndex, terms }: LogDescription, index: LogIndex, term: Term): boolean {
  if (index > lastIndex) return false
  if (index < prevIndex) return true
  return (terms.findLast((start) => start.index <= index)?.term ?? prevTerm) === term
}

function sameCopy(a: CopyManifest, b: CopyManifest): boolean {
  const [one, other] = [a.description, b.description]
  return one.prevIndex === other.prevIndex && one.lastIndex === other.lastIndex && one.lastTerm === other.lastTerm
}
