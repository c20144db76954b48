import { createWriteStream, mkdirSync, renameSync, rmSync, statSync, type WriteStream } from 'node:fs'
import { dirname } from 'node:path'

/** A text file that grows, such as the log of another process. */
export interface AppendFile {
  write(text: string): void
  close(): Promise<void>
}

export interface RotationOptions {
  /** A file is closed when it has this many bytes, and another one begun. */
  readonly fileBytes: number
  /** How many closed ones are kept, as `PATH.1` (the newest) and so on. */
  readonly kept: number
}

const defaults: RotationOptions = { fileBytes: 16 * 1024 * 1024, kept: 4 }
/** Beyond this the disk does not keep up, and memory matters more than the log. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024
/** Milliseconds between two attempts at a file that cannot be written: a full disk can get room again. */
const RETRY_MS = 1000

/** Opens or creates the file, and its folder where it is missing. Throws Node's error, which names the path. */
export function openAppendFile(path: string, options: RotationOptions = defaults): AppendFile {
  mkdirSync(dirname(path), { recursive: true })
  return new RotatedFile(path, options)
}

/** A log that cannot be written must not end the process that is being logged: lines that do not fit are dropped. */
class RotatedFile implements AppendFile {
  readonly #path: string
  readonly #options: RotationOptions
  #stream: WriteStream | null = null
  #bytes = 0
  #failedAt = Number.NEGATIVE_INFINITY
  /** Lines written while one file is closed and the next is not yet open. */
  #waiting: string[] = []
  #waitingBytes = 0
  #rotation: Promise<void> | null = null

  constructor(path: string, options: RotationOptions) {
    this.#path = path
    this.#options = options
    this.#open()
  }

  write(text: string): void {
    const bytes = Buffer.byteLength(text)
    if (this.#rotation !== null) {
      if (this.#waitingBytes + bytes > MOST_WAITING_BYTES) return
      this.#waiting.push(text)
      this.#waitingBytes += bytes
      return
    }
    if (this.#stream === null && performance.now() - this.#failedAt >= RETRY_MS) this.#open()
    if (this.#stream === null || this.#stream.writableLength >= MOST_WAITING_BYTES) return
    this.#stream.write(text)
    this.#bytes += bytes
    if (this.#bytes >= this.#options.fileBytes) this.#rotate(this.#stream)
  }

  async close(): Promise<void> {
    while (this.#rotation !== null) await this.#rotation
    const stream = this.#stream
    this.#stream = null
    if (stream !== null) await ended(stream)
  }

  #open(): void {
    this.#bytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
    const stream = createWriteStream(this.#path, { flags: 'a' })
    stream.on('error', () => {
      if (this.#stream === stream) this.#stream = null
      this.#failedAt = performance.now()
    })
    this.#stream = stream
  }

  #rotate(full: WriteStream): void {
    this.#stream = null
    // Windows renames no file that is open.
    this.#rotation = ended(full).then(() => {
      this.#shift()
      this.#open()
      this.#rotation = null
      this.#waitingBytes = 0
      for (const text of this.#waiting.splice(0)) this.write(text)
    })
  }

  #shift(): void {
    const { kept } = this.#options
    try {
      rmSync(`${this.#path}.${kept}`, { force: true })
      for (let number = kept - 1; number >= 1; number--) {
        const from = `${this.#path}.${number}`
        if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${this.#path}.${number + 1}`)
      }
      if (kept > 0) renameSync(this.#path, `${this.#path}.1`)
      else rmSync(this.#path, { force: true })
    } catch {
      // The file continues to grow, and the next write that finds it too long tries again.
    }
  }
}

function ended(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve()
    stream.once('close', () => resolve())
    stream.end()
  })
}
