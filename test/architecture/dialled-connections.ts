import type { Node, ParsedSource } from './parsed-source.ts'

/** Doors take connections that come; the command line is a process of its own, which nobody simulates. */
const mayDial = /^broker\/src\/(doors|cli)\/|^schemas\/src\//
const dialling = /^(node:)?(http|https|http2)$|^(ws|undici)$/
const dialledGlobals = new Set(['WebSocket', 'EventSource'])

/**
 * Connections that a part of the broker would open past its surroundings, where no test could cut them: by modules and
 * globals of Node.js, or by telling a client of platform/node to use the network of the machine.
 */
export function dialledConnections({ path, imports, visit, lineOf }: ParsedSource): string[] {
  if (mayDial.test(path)) return []
  const rule = 'connections are made by what the surroundings pass in'
  const found = imports
    .filter(({ specifier, typesOnly }) => !typesOnly && dialling.test(specifier))
    .map(({ specifier, line }) => `${path}:${line}: ${specifier}: ${rule}`)
  const names = ownNames(visit)
  visit((node, parent) => {
    const callee = (node.callee ?? {}) as { readonly name?: string }
    const isOpened = node.type === 'NewExpression' && dialledGlobals.has(callee.name ?? '')
    const isFetched = node.type === 'CallExpression' && callee.name === 'fetch' && !names.has('fetch')
    const isPast = isDirect(node, parent) && path !== 'broker/src/start/surroundings.ts'
    if (isOpened || isFetched || isPast) found.push(`${path}:${lineOf(node.start)}: ${rule}`)
  })
  return found
}

/** `dial: null`: the machine's own. */
function isDirect(node: Node, parent: Node | null): boolean {
  if (node.type !== 'Property' || parent?.type !== 'ObjectExpression') return false
  const value = node.value as { readonly type?: string; readonly value?: unknown }
  return (node.key as { readonly name?: string }).name === 'dial' && value.type === 'Literal' && value.value === null
}

/** Functions, variables and parameters that a file declares. */
function ownNames(visit: ParsedSource['visit']): Set<unknown> {
  const names = new Set<unknown>()
  visit((node) => {
    for (const one of [node.id, ...(Array.isArray(node.params) ? node.params : [])])
      names.add((one as { readonly name?: unknown } | null | undefined)?.name)
  })
  return names
}
