import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { Compression, type Decompressors, TailraceError } from '@tailrace/schemas'

/**
 * The most that one batch may decompress to for JSON, far below what binary readers take: as JSON a byte can become six characters, and while they are
 * made the broker does nothing else. Producers compress about a megabyte at a time.
 */
export const maxJsonBatchBytes = 4 * 1024 * 1024

/**
 * What a broker can decompress to show records as JSON; batches on their way to programs stay compressed. Both throw when the output would
 * pass the limit, before it is allocated: a megabyte of gzip may claim a gigabyte of zeros.
 */
export const decompressors: Decompressors = {
  [Compression.gzip]: (bytes) => limited(() => gunzipSync(bytes, { maxOutputLength: maxJsonBatchBytes })),
  [Compression.zstd]: (bytes) => limited(() => zstdDecompressSync(bytes, { maxOutputLength: maxJsonBatchBytes })),
}

function limited(decompress: () => Uint8Array): Uint8Array {
  try {
    return decompress()
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') throw cause
    const detail = `The records decompress to more than ${maxJsonBatchBytes} bytes, too many for JSON; read them with an SDK.`
    throw new TailraceError('INVALID_BATCH', detail, { cause })
  }
}
