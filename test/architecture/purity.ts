import { dialledConnections } from './dialled-connections.ts'
import type { Node, ParsedSource } from './parsed-source.ts'
import { isTest } from './source-tree.ts'

const platformModules = /^(node:)?(fs|fs\/promises|net|tls|dgram|timers|timers\/promises|perf_hooks)$/
const platformGlobals = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance'])
/** Clocks and random numbers that are members of an object. */
const platformMembers: Readonly<Record<string, ReadonlySet<string>>> = {
  Date: new Set(['now']),
  Math: new Set(['random']),
  AbortSignal: new Set(['timeout']),
  process: new Set(['hrtime', 'nextTick', 'uptime']),
  crypto: new Set(['randomUUID', 'getRandomValues', 'randomBytes', 'randomInt']),
  globalThis: platformGlobals,
}
const randomNames = new Set(['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync'])

/**
 * Clocks, timers, randomness, files, sockets and connections in the broker outside platform/node, and clocks, timers
 * and randomness in the SDKs outside the surroundings of a client, where a simulator could not own them. Turning a
 * given time into text (`new Date(ms)`, `Date.parse`) reads no clock and is allowed, and so is a type, which does
 * nothing.
 */
export function impurities(sources: readonly ParsedSource[]): string[] {
  const inBroker = (path: string) => path.startsWith('broker/src/') && !path.startsWith('broker/src/platform/node/')
  return sources
    .filter(({ path }) => !isTest(path))
    .flatMap((source) => {
      if (sdks.test(source.path)) return ownedByMachine.has(source.path) ? [] : sdkUses(source)
      const isJudged = inBroker(source.path) || source.path.startsWith('schemas/src/')
      const rule = 'belongs to platform/node; pass Clock or Random in'
      return isJudged ? [...moduleUses(source), ...globalUses(source, rule), ...dialledConnections(source)] : []
    })
}

const sdks = /^(client|producer|consumer|admin)\/src\//
/** Where the SDKs touch the machine. Everything else in them has it from the surroundings of its client. */
const ownedByMachine = new Set([
  'client/src/surroundings.ts',
  'client/src/http/browser.ts',
  'consumer/src/groups/beats/monotonic.ts',
  'consumer/src/groups/beats/node.ts',
])

/** A microtask is no time: it runs in the turn that asks for it. */
function sdkUses(source: ParsedSource): string[] {
  return globalUses(source, 'belongs to the surroundings of the client').filter(
    (found) => !found.includes('queueMicrotask'),
  )
}

function moduleUses({ path, imports }: ParsedSource): string[] {
  const forbidden = path.startsWith('schemas/')
    ? /^node:|^(fs|net|path|crypto|os|stream|util|events)$/
    : platformModules
  const where = path.startsWith('schemas/')
    ? 'schemas run in a browser, without node: modules'
    : 'only platform/node may import it'
  return imports
    .filter(({ specifier, typesOnly }) => !typesOnly && forbidden.test(specifier))
    .map(({ specifier, line }) => `${path}:${line}: ${specifier}: ${where}`)
}

function globalUses({ path, visit, lineOf }: ParsedSource, rule: string): string[] {
  const found: string[] = []
  visit((node, parent) => {
    const used = useOf(node, parent)
    if (used !== null) found.push(`${path}:${lineOf(node.start)}: ${used} ${rule}`)
  })
  return found
}

function useOf(node: Node, parent: Node | null): string | null {
  if (node.type === 'Identifier')
    return platformGlobals.has(node.name as string) && isReference(node, parent) ? (node.name as string) : null
  if (node.type === 'ImportSpecifier') return importedRandomness(node)
  if (node.type === 'MemberExpression') {
    const [object, property] = [(node.object as Node).name, memberName(node)]
    return typeof object === 'string' &&
      Object.hasOwn(platformMembers, object) &&
      platformMembers[object]!.has(property)
      ? `${object}.${property}`
      : null
  }
  const isDate = ((node.callee ?? {}) as { name?: unknown }).name === 'Date'
  if (node.type === 'CallExpression' && isDate) return 'Date()'
  return node.type === 'NewExpression' && isDate && (node.arguments as unknown[]).length === 0 ? 'new Date()' : null
}

function importedRandomness(node: Node): string | null {
  const name = (node.imported as { name?: unknown }).name
  return typeof name === 'string' && randomNames.has(name) ? name : null
}

function memberName(node: Node): string {
  const property = node.property as { name?: string; value?: unknown }
  return node.computed === true ? String(property.value ?? '') : (property.name ?? '')
}

/** Not a name after a dot, nor the name of a property, a method or a type's member. */
function isReference(node: Node, parent: Node | null): boolean {
  if (parent === null) return true
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed === true
  // The import itself is judged by its module, and the value of a shorthand property is a node of its own.
  return parent.type !== 'ImportSpecifier' && (parent.key !== node || parent.computed === true)
}
