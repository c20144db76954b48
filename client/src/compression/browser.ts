import { Compression, type CompressionName, type Decompressors, TailraceError } from '@tailrace/schemas'
import type { CompressionCodecs } from './compression.ts'

const compressors: Partial<Record<CompressionName, (records: Uint8Array) => Uint8Array>> = {}
const decompressors: Decompressors = {}
const loading = new Map<number, Promise<void>>()

/**
 * Pure JavaScript: browsers have gzip only as an asynchronous stream, and not all of them have zstd. Many pages read no
 * compressed batch, so the code is loaded with the first one.
 */
export const codecs: CompressionCodecs = {
  writes: ['gzip'],
  compressors,
  decompressors,
  load(compression) {
    if (decompressors[compression] !== undefined) return undefined
    const begun = loading.get(compression)
    const loader = loaders[compression]
    if (begun !== undefined || loader === undefined) return begun
    const attempt = loader().catch((cause) => {
      loading.delete(compression)
      throw new TailraceError('UNSUPPORTED_COMPRESSION', `Its code could not be loaded: ${String(cause)}`, { cause })
    })
    loading.set(compression, attempt)
    return attempt
  },
}

const loaders: Partial<Record<number, () => Promise<void>>> = {
  [Compression.gzip]: async () => {
    const { gunzip, gzip } = await import('./gzip.ts')
    compressors.gzip = gzip
    decompressors[Compression.gzip] = gunzip
  },
  [Compression.zstd]: async () => {
    decompressors[Compression.zstd] = (await import('./zstd.ts')).unzstd
  },
}
