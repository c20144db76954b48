import { TailraceError } from '@tailrace/schemas'

const MOST = 100

/** Frames of a broker whose schemas are being resolved: to be read when that is done. */
export class EarlyFrames {
  readonly #frames: Uint8Array[] = []

  /** @throws TailraceError MALFORMED_FRAME: far more than a broker has to say before it is asked */
  keep(frame: Uint8Array): void {
    if (this.#frames.push(frame) > MOST)
      throw new TailraceError('MALFORMED_FRAME', 'They come before they are asked for.')
  }

  /** Passes all on, in order. */
  release(read: (frame: Uint8Array) => void): void {
    for (const frame of this.#frames.splice(0)) read(frame)
  }
}
