import type { Node, ParsedSource } from './parsed-source.ts'
import { isTest } from './source-tree.ts'

const classTypes = new Set(['ClassDeclaration', 'ClassExpression'])

/** Classes that extend one of ours: parts are put together, not inherited. Those of libraries may be extended. */
export function baseClasses(sources: readonly ParsedSource[]): string[] {
  const ours = new Set<string>()
  for (const { visit } of sources) {
    visit((node) => {
      if (classTypes.has(node.type) && node.id !== null) ours.add((node.id as Node).name as string)
    })
  }
  const found: string[] = []
  for (const { path, visit, lineOf } of sources) {
    if (isTest(path)) continue
    visit((node) => {
      if (!classTypes.has(node.type) || node.superClass === null) return
      const { name } = node.superClass as Node
      if (ours.has(name as string)) found.push(`${path}:${lineOf(node.start)}: extends ${name}`)
    })
  }
  return found
}
