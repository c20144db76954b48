import type { Node, ParsedSource } from './parsed-source.ts'
import { isTest } from './source-tree.ts'

/**
 * Addresses that stand for all interfaces. Only the check of settings may name them, to ask for an address that others
 * can reach.
 */
const everywhere = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '*'])
const mayName = new Set(['broker/src/config/resolve-settings.ts'])

/** Places that listen, or would listen, on more than the loopback address without being told to. */
export function listensEverywhere(sources: readonly ParsedSource[]): string[] {
  return sources.flatMap(({ path, visit, lineOf }) => {
    const found: string[] = []
    visit((node) => {
      const literal =
        node.type === 'Literal' && typeof node.value === 'string'
          ? node.value.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
          : null
      const isHost = literal === '0.0.0.0' || (literal !== null && literal !== '*' && everywhere.has(literal))
      if (isHost && !isTest(path) && !mayName.has(path))
        found.push(`${path}:${lineOf(node.start)}: ${String(node.value)} is every interface`)
      if (listensWithoutHost(node))
        found.push(`${path}:${lineOf(node.start)}: listen() without a host listens on every interface`)
    })
    return found
  })
}

/** server.listen(port), server.listen(port, callback), server.listen({ port }). A value in a variable is not judged. */
function listensWithoutHost(node: Node): boolean {
  if (node.type !== 'CallExpression') return false
  const callee = node.callee as Node
  if (callee.type !== 'MemberExpression' || (callee.property as { name?: string }).name !== 'listen') return false
  const [first, second] = node.arguments as (Node | undefined)[]
  if (first?.type === 'ObjectExpression') return !(first.properties as Node[]).some(givesHost)
  const isPort = first?.type === 'Literal' && typeof first.value === 'number'
  return isPort && (second === undefined || /Function/.test(second.type))
}

function givesHost(property: Node): boolean {
  if (property.type === 'SpreadElement') return true
  const name = (property.key as { name?: string } | undefined)?.name
  return name === 'host' || name === 'path' || name === 'fd'
}
