import type { Node, ParsedSource } from './parsed-source.ts'
import { isTest } from './source-tree.ts'

const levels = new Set(['debug', 'info', 'warn', 'error', 'fatal'])
/** Names under which code holds a caught error. */
const errorNames = /^(e|err|error|cause|failure|thrown)$/

/**
 * Logger calls that pass an error under another name than `err`: pino writes message and stack only for that name, for
 * others `{}`.
 */
export function errorsLoggedAsNothing(sources: readonly ParsedSource[]): string[] {
  const found: string[] = []
  for (const { path, visit, lineOf } of sources) {
    if (!path.startsWith('broker/src/') || isTest(path)) continue
    visit((node) => {
      for (const name of lostErrors(node))
        found.push(`${path}:${lineOf(node.start)}: log the error as err, not as ${name}`)
    })
  }
  return found
}

function lostErrors(node: Node): string[] {
  if (node.type !== 'CallExpression' || !isLoggerCall(node.callee as Node)) return []
  const [fields] = node.arguments as Node[]
  if (fields?.type !== 'ObjectExpression') return []
  return (fields.properties as Node[]).flatMap((property) => {
    const [key, value] = [property.key as Node | undefined, property.value as Node | undefined]
    const isError = value?.type === 'Identifier' && errorNames.test(value.name as string)
    return isError && key?.name !== 'err' ? [String(key?.name)] : []
  })
}

/** `logger.warn(…)`, `this.#deps.logger.error(…)`, `log.info(…)`. */
function isLoggerCall(callee: Node): boolean {
  if (callee.type !== 'MemberExpression' || !levels.has((callee.property as Node).name as string)) return false
  const object = callee.object as Node
  const name = object.type === 'MemberExpression' ? (object.property as Node).name : object.name
  return /^(log|logger)$/.test(name as string)
}
