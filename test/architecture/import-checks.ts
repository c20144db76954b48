import { areaOf, floorOf, mayImport, outside } from './areas.ts'
import type { ImportGraph, ResolvedImport } from './import-graph.ts'
import type { Tree } from './source-tree.ts'
import { isTest } from './source-tree.ts'

/**
 * Imports against the direction of the layers. Tests may reach further, but those of the SDKs do not see the broker
 * either.
 */
export function importsAgainstDirection(graph: ImportGraph): string[] {
  const found: string[] = []
  for (const [path, imports] of graph) {
    const area = areaOf(path)
    if (area === null) {
      found.push(`${path}: is in no area of test/architecture/areas.ts; give its folder a place there`)
      continue
    }
    if (area === outside) continue
    for (const one of imports) {
      const wrong = against(path, area, one)
      if (wrong !== null) found.push(`${path}:${one.line}: ${wrong}`)
    }
  }
  return found
}

function against(path: string, area: string, { specifier, target }: ResolvedImport): string | null {
  if (target === null) return null
  const targetArea = areaOf(target)
  const [from, to] = [path.split('/')[0]!, target.split('/')[0]!]
  if (isTest(path)) {
    const mayKnow = targetArea !== null && mayImport[area]?.includes(targetArea)
    return from !== 'broker' && to === 'broker' && !mayKnow
      ? `${area} must not know the broker, in its tests either; such tests belong under test/`
      : null
  }
  if (specifier.startsWith('.') && from !== to) return `${specifier} leaves the package; import other packages by name`
  if (isTest(target)) return `${specifier} is for tests only`
  if (targetArea === area) return upward(path, target)
  if (targetArea === null || mayImport[area]?.includes(targetArea)) return null
  return `${area} must not import ${targetArea} (${specifier})`
}

/** Within an area: a file on a lower floor must not know files above it or beside it. */
function upward(path: string, target: string): string | null {
  const [own, other] = [floorOf(path), floorOf(target)]
  if (own === null || other === null || other.height < own.height || other.name === own.name) return null
  const place = ({ area, name }: typeof own): string => (name === '' ? area : `${area}/${name}`)
  const where = other.height === own.height ? 'beside' : 'above'
  return `${place(own)} must not import ${place(other)}, which stands ${where} it`
}

/** Relative imports without the ending of a file, and imports that lead nowhere. */
export function brokenImports(graph: ImportGraph, exists: (path: string) => boolean): string[] {
  const found: string[] = []
  for (const [path, imports] of graph) {
    for (const { specifier, target, line } of imports) {
      if (target === null || target.includes('/dist/')) continue
      if (!/\.(ts|tsx|js|mjs|json|css)$/.test(target))
        found.push(`${path}:${line}: ${specifier} needs the ending of its file`)
      else if (!graph.has(target) && !exists(target)) found.push(`${path}:${line}: ${specifier} does not exist`)
    }
  }
  return found
}

/**
 * Source files that nothing imports, except those that are started or published, and those that a package.json, a
 * page or a build script names.
 */
export function unusedFiles(graph: ImportGraph, tree: Tree): string[] {
  const used = new Set<string>()
  for (const [path, text] of tree) {
    const [folder] = path.split('/')
    if (!/^[a-z]+\/(package\.json$|index\.html$|scripts\/)/.test(path)) continue
    for (const [file] of text.matchAll(/\bsrc\/[A-Za-z0-9/._-]+\.tsx?\b/g)) used.add(`${folder}/${file}`)
  }
  for (const [path, imports] of graph) {
    // The test of a file does not count as an importer.
    for (const { target } of imports)
      if (target !== null && path.replace('.test.ts', '.ts') !== target) used.add(target)
  }
  const started = /^(broker\/src\/cli\/cli\.ts|[a-z]+\/src\/index\.ts)$/
  return [...graph.keys()]
    .filter((path) => areaOf(path) !== outside && !isTest(path) && !started.test(path) && !used.has(path))
    .map((path) => `${path}: nothing imports it`)
}
