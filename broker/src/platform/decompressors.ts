import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { Compression, type Decompressors, TailraceError } from '@tailrace/schemas'

/**
 * The codecs that a broker can decompress. Synchronous, since a batch takes its place in the log in the turn in which
 * it arrives: a megabyte takes about a millisecond with zstd and two with gzip (measured), and no output is allocated
 * beyond the limit.
 */
export const decompressors: Decompressors = {
  [Compression.gzip]: (bytes, maxBytes) => decompress((options) => gunzipSync(bytes, options), bytes, maxBytes),
  [Compression.zstd]: (bytes, maxBytes) => decompress((options) => zstdDecompressSync(bytes, options), bytes, maxBytes),
}

/** The result with `info: true`; the types of Node do not know it. */
interface WithEngine {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

interface Options {
  readonly maxOutputLength: number
  readonly chunkSize: number
  readonly info: boolean
}

const CHUNK_BYTES = 64 * 1024

function decompress(codec: (options: Options) => unknown, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const options = { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES, info: true }
  try {
    const { buffer, engine } = codec(options) as WithEngine
    // Node stops after the compressed data and accepts more bytes; the decoders of browsers do not.
    if (engine.bytesWritten === bytes.length) return buffer
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') throw cause
    throw new TailraceError('INVALID_BATCH', `The records decompress to more than ${maxBytes} bytes.`, { cause })
  }
  throw new TailraceError('INVALID_BATCH', 'Bytes follow the compressed records.')
}
