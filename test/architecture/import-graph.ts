import { posix } from 'node:path'
import type { ParsedSource } from './parsed-source.ts'

export interface ResolvedImport {
  readonly specifier: string
  readonly line: number
  /** Path of the file in the repository; null for packages of others and for node: modules. */
  readonly target: string | null
}
export type ImportGraph = ReadonlyMap<string, readonly ResolvedImport[]>

const ownPackage = /^@tailrace\/([a-z]+)(?:\/([a-z-]+))?$/

/**
 * The imports of each file. Relative paths are taken as they stand; '@tailrace/x' stands for x/src/index.ts, and
 * '@tailrace/x/y' for x/src/y.ts where there is such a file: entries outside of src serve development.
 */
export function importGraph(sources: readonly ParsedSource[]): ImportGraph {
  const paths = new Set(sources.map(({ path }) => path))
  return new Map(
    sources.map((source) => [
      source.path,
      source.imports.map(({ specifier, line }) => ({
        specifier,
        line,
        target: resolve(source.path, specifier, paths),
      })),
    ]),
  )
}

function resolve(from: string, specifier: string, paths: ReadonlySet<string>): string | null {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier))
  // The broker's one entry for other programs.
  if (specifier === 'tailrace/embedded') return 'broker/src/start/embedded.ts'
  const own = ownPackage.exec(specifier)
  if (own === null) return null
  const [, name, entry] = own
  if (entry === undefined) return `${name}/src/index.ts`
  return paths.has(`${name}/src/${entry}.ts`) ? `${name}/src/${entry}.ts` : null
}
