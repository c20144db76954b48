import { parseSync } from 'oxc-parser'
import type { Tree } from './source-tree.ts'
import { isCode } from './source-tree.ts'

/** The parts of a source file that the checks need, read off its syntax tree (types included). */
export interface ParsedSource {
  readonly path: string
  readonly imports: readonly { readonly specifier: string; readonly line: number; readonly typesOnly: boolean }[]
  readonly functions: readonly { readonly name: string; readonly line: number; readonly lines: number }[]
  readonly comments: readonly { readonly text: string; readonly line: number }[]
  /** Every node with its parent. */
  visit(see: (node: Node, parent: Node | null) => void): void
  lineOf(position: number): number
}

export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/** Parses all code of the tree. Throws if a file is no valid TypeScript. */
export function parseTree(tree: Tree): ParsedSource[] {
  return [...tree].filter(([path]) => isCode(path)).map(([path, text]) => parseSource(path, text))
}

export function parseSource(path: string, text: string): ParsedSource {
  const result = parseSync(path, text)
  if (result.errors.length > 0) throw new Error(`${path}: ${result.errors[0]!.message}`)
  const program = result.program as unknown as Node
  const lineOf = lineFinder(text)
  const visit = (see: (node: Node, parent: Node | null) => void) => walk(program, null, see)
  const imports: { specifier: string; line: number; typesOnly: boolean }[] = []
  const functions: { name: string; line: number; lines: number }[] = []
  visit((node, parent) => {
    const specifier = importedBy(node)
    if (specifier !== null) imports.push({ specifier, line: lineOf(node.start), typesOnly: isTypesOnly(node) })
    if (functionTypes.has(node.type)) {
      // A method's node begins before its function, at the name.
      const start = parent?.type === 'MethodDefinition' ? parent.start : node.start
      functions.push({ name: nameOf(node, parent), line: lineOf(start), lines: lineOf(node.end) - lineOf(start) + 1 })
    }
  })
  const comments = result.comments.map((comment) => ({ text: comment.value, line: lineOf(comment.start) }))
  return { path, imports, functions, comments, visit, lineOf }
}

/** import and export … from, import(), import types, and require: with or without `type`. */
function importedBy(node: Node): string | null {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return literal(node.source ?? node.argument)
    case 'CallExpression':
      return (node.callee as Node).name === 'require' ? literal((node.arguments as Node[])[0]) : null
    default:
      return null
  }
}

/** Erased before the code runs. */
function isTypesOnly(node: Node): boolean {
  return node.importKind === 'type' || node.exportKind === 'type' || node.type === 'TSImportType'
}

function literal(node: unknown): string | null {
  const inner = (node as { literal?: unknown } | null | undefined)?.literal ?? node
  const value = (inner as { value?: unknown } | null | undefined)?.value
  return typeof value === 'string' ? value : null
}

function nameOf(node: Node, parent: Node | null): string {
  const named = (node.id ?? parent?.key ?? parent?.id) as Node | null | undefined
  return typeof named?.name === 'string' ? named.name : '(anonymous)'
}

function walk(node: Node, parent: Node | null, see: (node: Node, parent: Node | null) => void): void {
  see(node, parent)
  for (const key in node) {
    const value = node[key]
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, node, see)
    } else if (isNode(value)) {
      walk(value, node, see)
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** Line numbers, from 1, of positions in a text. */
function lineFinder(text: string): (position: number) => number {
  const starts = [0]
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) starts.push(index + 1)
  return (position) => {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= position) low = middle
      else high = middle
    }
    return low + 1
  }
}
