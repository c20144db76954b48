import { Buffer } from 'node:buffer'
import { TailraceError } from '@tailrace/schemas'

const LF = 10
const CR = 13

/** What a piece costs beside its bytes. */
const pieceBytes = 128

/** Cuts bytes that come in pieces into lines. A line ends with LF or CRLF; an empty one is counted and left out. */
export class LineSplitter {
  readonly #mostBytes: number
  readonly #begun: Buffer[] = []
  #begunBytes = 0
  #number = 0

  /** `mostBytes`: of one line. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Of the latest line that was whole, from 1; 0: there was none yet. */
  get number(): number {
    return this.#number
  }

  /** What a line takes whose end has not come; 0: there is none. */
  get heldBytes(): number {
    return this.#begunBytes + this.#begun.length * pieceBytes
  }

  /** The lines that end in this piece. @throws TailraceError FRAME_TOO_LARGE: a line is too long */
  *lines(piece: Buffer): Generator<Buffer> {
    let start = 0
    for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, start)) {
      const line = this.#whole(piece.subarray(start, end))
      start = end + 1
      if (line.length > 0) yield line
    }
    if (start < piece.length) this.#begin(piece.subarray(start))
  }

  /** What stands behind the last line end; null: nothing. */
  last(): Buffer | null {
    if (this.#begunBytes === 0) return null
    const line = this.#whole(Buffer.alloc(0))
    return line.length > 0 ? line : null
  }

  #begin(bytes: Buffer): void {
    if (this.#begunBytes + bytes.length > this.#mostBytes) {
      this.#number++
      throw new TailraceError('FRAME_TOO_LARGE', `Line ${this.#number} has more than ${this.#mostBytes} bytes.`)
    }
    this.#begun.push(bytes)
    this.#begunBytes += bytes.length
  }

  #whole(rest: Buffer): Buffer {
    let line = rest
    if (this.#begunBytes > 0) {
      this.#begin(rest)
      line = Buffer.concat(this.#begun)
      this.#begun.length = 0
      this.#begunBytes = 0
    }
    this.#number++
    return line.at(-1) === CR ? line.subarray(0, -1) : line
  }
}
