import type { Node, ParsedSource } from './parsed-source.ts'

const wrappers = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'ParenthesizedExpression'])
/** By the kind of the spread literal: the nodes that can hold its parts directly. */
const takers: Readonly<Record<string, readonly string[]>> = {
  ObjectExpression: ['ObjectExpression'],
  ArrayExpression: ['ArrayExpression', 'CallExpression', 'NewExpression'],
}

/**
 * Literals spread into another literal or a call, which only saves lines: `{ ...{ a, b }, c }`. Their parts are to be
 * written where they go.
 */
export function spreadLiterals(sources: readonly ParsedSource[]): string[] {
  const found: string[] = []
  for (const { path, visit, lineOf } of sources) {
    visit((node, parent) => {
      if (node.type !== 'SpreadElement' || parent === null) return
      if (takers[literalType(node.argument as Node)]?.includes(parent.type))
        found.push(`${path}:${lineOf(node.start)}: write the parts of the literal that is spread`)
    })
  }
  return found
}

/** The type of an expression, without casts. */
function literalType(expression: Node): string {
  let inner = expression
  while (wrappers.has(inner.type)) inner = inner.expression as Node
  return inner.type
}
