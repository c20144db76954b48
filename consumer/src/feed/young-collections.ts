/** So many bytes of batches are worth one array of {@link SLOTS}: half as many bytes. */
const BATCH_BYTES = 128 * 1024
/** 64 KiB, which still go to where V8 puts young objects. */
const SLOTS = 8 * 1024

/**
 * Makes V8 free batches by its small collections. They lie outside of its heap, with next to nothing on it: too little
 * to begin a small one, so V8 would free each 64 MB by a full one. An array that is garbage at once makes up for that
 * (docs/decisions/external-memory.md).
 */
export class YoungCollections {
  /** Here so that making it is not optimised away. */
  lastArray: unknown
  #bytes = 0

  /** A batch of so many bytes has been handed out, and is perhaps not used any more. */
  passed(bytes: number): void {
    for (this.#bytes += bytes; this.#bytes >= BATCH_BYTES; this.#bytes -= BATCH_BYTES) this.lastArray = new Array(SLOTS)
  }
}
