import { Gunzip, gzipSync } from 'fflate'
import { collect } from './pieces.ts'

export function gzip(records: Uint8Array): Uint8Array {
  return gzipSync(records, { level: 1 })
}

export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return collect(bytes, maxBytes, (take) => new Gunzip(take))
}
