import {
  checkLength,
  checkPrefix,
  FRAME_LENGTH_BYTES,
  FRAME_PREFIX_BYTES,
  type Frame,
  frameAt,
  frameHeaderAt,
  headerBytesAt,
  messageNumberAt,
} from './frame.ts'
import { type MessageDecoder, messageName, ownDecoder } from './protocol.ts'

export interface FrameReaderOptions {
  /** The longest frame that is taken, its length field included. */
  readonly maxFrameBytes: number
  readonly decoder?: MessageDecoder
  readonly onFrame: (frame: Frame) => void
  /** Takes messages that only a newer version knows; without it they are an error. `header` is their Avro header. */
  readonly onUnknown?: (number: number, header: Uint8Array) => void
  /**
   * Takes the fields of a frame above maxFrameBytes; its body is skipped. `frameBytes`: its whole length.
   * Without it such a frame is an error.
   */
  readonly onTooLarge?: (frame: Frame, frameBytes: number) => void
}

/** No broker takes longer frames, whatever its settings: a frame that claims more is garbage. */
const LONGEST_FRAME_BYTES = 2 ** 31 - 1

/** The largest claim that a connection is trusted with before it has sent a frame of that size. */
const UNPROVEN_BYTES = 16 * 1024

/**
 * Cuts a TCP stream into frames. A frame that lies within one chunk is handed out as views into that chunk; one that
 * spans chunks is assembled in a buffer of its own. That buffer has the length of the frame if the connection has sent
 * one as long before, and else grows as bytes arrive, so that many connections that merely claim large frames take no
 * memory.
 */
export class FrameReader {
  #maxFrameBytes: number
  readonly #onFrame: (frame: Frame) => void
  readonly #onUnknown: FrameReaderOptions['onUnknown']
  readonly #onTooLarge: FrameReaderOptions['onTooLarge']
  #decoder: MessageDecoder
  /** The frame that is being assembled: its first `#held` bytes. */
  #buffer = new Uint8Array(FRAME_PREFIX_BYTES)
  #held = 0
  /** Length of that frame, as far as it is kept; 0 while its prefix is not whole. */
  #frameBytes = 0
  /** Bytes of the present frame that are not kept, and those of the last one that have not come yet. */
  #excess = 0
  #toSkip = 0
  #provenBytes = UNPROVEN_BYTES
  #failure: unknown

  constructor(options: FrameReaderOptions) {
    this.#maxFrameBytes = options.maxFrameBytes
    this.#onFrame = options.onFrame
    this.#onUnknown = options.onUnknown
    this.#onTooLarge = options.onTooLarge
    this.#decoder = options.decoder ?? ownDecoder
  }

  /**
   * Sets how later frames are decoded, also those behind the present one in the same chunk: for a peer whose schemas
   * have become known.
   */
  useDecoder(decoder: MessageDecoder): void {
    this.#decoder = decoder
  }

  /** Later frames may be so long, also those behind the present one in the same chunk. */
  allow(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes
  }

  /**
   * Takes the next bytes of the stream and calls `onFrame` for every frame that they complete. The chunk must not be
   * written to later.
   * @throws TailraceError MALFORMED_FRAME, UNSUPPORTED_MESSAGE or FRAME_TOO_LARGE; the frame boundaries are lost then,
   * and every later push throws the same. An error of `onFrame` passes through with the same effect.
   */
  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      this.#consume(chunk)
    } catch (failure) {
      this.#failure = failure
      throw failure
    }
  }

  #consume(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#toSkip > 0) at = this.#skip(chunk, at)
      else if (this.#held > 0) at = this.#continue(chunk, at)
      else at = this.#next(chunk, at)
    }
  }

  /** Hands out the frame that begins there, or keeps what the chunk has of it; returns the position behind it. */
  #next(chunk: Uint8Array, at: number): number {
    const left = chunk.length - at
    const kept = left < FRAME_PREFIX_BYTES ? Infinity : this.#checkPrefix(chunk, at)
    if (kept > left) {
      this.#begin(chunk, at)
      return chunk.length
    }
    this.#emit(chunk, at, at + kept)
    return at + kept
  }

  #skip(chunk: Uint8Array, at: number): number {
    const skipped = Math.min(this.#toSkip, chunk.length - at)
    this.#toSkip -= skipped
    return at + skipped
  }

  /** Adds to the frame that is being assembled; returns the position behind its bytes. */
  #continue(chunk: Uint8Array, at: number): number {
    if (this.#frameBytes === 0) {
      at = this.#take(chunk, at, FRAME_PREFIX_BYTES)
      this.#checkHeld()
      if (this.#frameBytes === 0) return at
    }
    at = this.#take(chunk, at, this.#frameBytes)
    if (this.#held === this.#frameBytes) {
      const { buffer, frameBytes } = { buffer: this.#buffer, frameBytes: this.#frameBytes }
      this.#buffer = new Uint8Array(FRAME_PREFIX_BYTES)
      this.#held = 0
      this.#frameBytes = 0
      this.#emit(buffer, 0, frameBytes)
    }
    return at
  }

  /** Keeps the part of a frame with which the chunk ends. */
  #begin(chunk: Uint8Array, at: number): void {
    at = this.#take(chunk, at, Math.min(FRAME_PREFIX_BYTES, chunk.length - at))
    this.#checkHeld()
    if (at < chunk.length) this.#take(chunk, at, this.#frameBytes)
  }

  /** Refuses garbage as early as its bytes allow: the length by its 4 bytes, the rest by the 12 of the prefix. */
  #checkHeld(): void {
    if (this.#held >= FRAME_PREFIX_BYTES) this.#frameBytes = this.#checkPrefix(this.#buffer, 0)
    else if (this.#held >= FRAME_LENGTH_BYTES) checkLength(this.#buffer, 0, this.#longest)
  }

  /** Copies chunk bytes from `at` until `wanted` are held or the chunk ends; returns the position after them. */
  #take(chunk: Uint8Array, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + wanted - this.#held)
    const needed = this.#held + end - at
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(wanted, Math.max(needed, this.#provenBytes, this.#buffer.length * 2)))
      grown.set(this.#buffer.subarray(0, this.#held))
      this.#buffer = grown
    }
    this.#buffer.set(chunk.subarray(at, end), this.#held)
    this.#held = needed
    return end
  }

  /** The longest frame that does not end the stream. */
  get #longest(): number {
    return this.#onTooLarge === undefined ? this.#maxFrameBytes : LONGEST_FRAME_BYTES
  }

  /** Returns how much of the frame is to be kept: all, or prefix and header. */
  #checkPrefix(bytes: Uint8Array, at: number): number {
    const frameBytes = checkPrefix(bytes, at, this.#longest, this.#onUnknown !== undefined)
    const isTooLarge = frameBytes > this.#maxFrameBytes
    const kept = isTooLarge ? FRAME_PREFIX_BYTES + headerBytesAt(bytes, at) : frameBytes
    this.#excess = frameBytes - kept
    return kept
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > this.#provenBytes) this.#provenBytes = end - start
    const excess = this.#excess
    this.#excess = 0
    this.#toSkip = excess
    const number = messageNumberAt(bytes, start)
    if (messageName(number) === undefined) this.#onUnknown?.(number, frameHeaderAt(bytes, start))
    else if (end - start + excess <= this.#maxFrameBytes) this.#onFrame(frameAt(bytes, start, end, this.#decoder))
    else this.#onTooLarge!(frameAt(bytes, start, end, this.#decoder), end - start + excess)
  }
}
