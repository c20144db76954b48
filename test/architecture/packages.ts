import type { ImportGraph } from './import-graph.ts'
import type { Tree } from './source-tree.ts'
import { isTest } from './source-tree.ts'

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/**
 * Packages that a published package imports without naming them as dependencies: it would work here and nowhere else.
 */
export function undeclaredDependencies(graph: ImportGraph, tree: Tree): string[] {
  const found = new Map<string, string>()
  for (const [path, imports] of graph) {
    const [folder, inner] = path.split('/') as [string, string?]
    if (isTest(path) || (inner !== 'src' && inner !== 'bin')) continue
    const declared = declaredIn(tree, folder)
    for (const { specifier } of imports) {
      const name = packageOf(specifier)
      if (name !== null && !declared.has(name))
        found.set(`${folder} ${name}`, `${folder}/package.json: ${name} is imported (${path}) and is no dependency`)
    }
  }
  return [...found.values()]
}

function declaredIn(tree: Tree, folder: string): Set<string> {
  const manifest = JSON.parse(tree.get(`${folder}/package.json`) ?? '{}') as Manifest
  return new Set(
    Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }),
  )
}

function packageOf(specifier: string): string | null {
  if (/^[.#]|^node:/.test(specifier)) return null
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
