import { posix } from 'node:path'
import type { ParsedSource } from './parsed-source.ts'

export interface ResolvedImport {
  readonly specifier: string
  readonly line: number
  /** Path of the file in the repository; null for packages of others and for node: modules. */
  readonly target: string | null
}
export type ImportGraph = ReadonlyMap<string, readonly ResolvedImport[]>

const ownPackage = /^@tailrace\/([a-z]+)$/

/** The imports of each file. Relative paths are taken as they stand; '@tailrace/x' stands for x/src/index.ts. */
export function importGraph(sources: readonly ParsedSource[]): ImportGraph {
  return new Map(
    sources.map((source) => [
      source.path,
      source.imports.map(({ specifier, line }) => ({ specifier, line, target: resolve(source.path, specifier) })),
    ]),
  )
}

function resolve(from: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier))
  const own = ownPackage.exec(specifier)
  return own === null ? null : `${own[1]}/src/index.ts`
}
