import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { Compression, type Decompressors } from '@tailrace/schemas'

/**
 * What a broker can decompress to show records as JSON; batches on their way to programs stay compressed. Both throw when the output would
 * pass `maxOutputLength`, before it is allocated: a megabyte of gzip may claim a gigabyte of zeros.
 */
export const decompressors: Decompressors = {
  [Compression.gzip]: (bytes, maxBytes) => gunzipSync(bytes, { maxOutputLength: maxBytes }),
  [Compression.zstd]: (bytes, maxBytes) => zstdDecompressSync(bytes, { maxOutputLength: maxBytes }),
}
