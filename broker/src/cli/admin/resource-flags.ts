import type { Operation, ResourcePattern, ResourceType } from '../../api/security-api.ts'
import { CLUSTER_NAME, operations } from '../../api/security-api.ts'
import { UsageError } from '../command-failure.ts'

/** Flags that name resources, as `acl` and `token create` take them. */
export interface ResourceFlags {
  readonly topics?: string
  readonly groups?: string
  readonly transactionalIds?: string
  readonly cluster?: true
}

const kinds: readonly (readonly [keyof ResourceFlags, ResourceType])[] = [
  ['topics', 'topic'],
  ['groups', 'group'],
  ['transactionalIds', 'transactional-id'],
]

/** A `*` at the end makes a name a prefix; alone it means every name. */
export function resourcesOf(flags: ResourceFlags): ResourcePattern[] {
  const named = kinds.flatMap(([flag, type]) =>
    namesOf(flags[flag] as string | undefined).map((name) => patternOf(type, name)),
  )
  return flags.cluster ? [...named, { type: 'cluster', name: CLUSTER_NAME, pattern: 'literal' }] : named
}

/** Every resource of every type. */
export const allResources: readonly ResourcePattern[] = [
  ...kinds.map(([, type]) => ({ type, name: '*', pattern: 'literal' }) as const),
  { type: 'cluster', name: CLUSTER_NAME, pattern: 'literal' },
]

function patternOf(type: ResourceType, name: string): ResourcePattern {
  if (name === '*' || !name.endsWith('*')) return { type, name, pattern: 'literal' }
  return { type, name: name.slice(0, -1), pattern: 'prefixed' }
}

/** As a user would write it in a flag. */
export function patternText({ type, name, pattern }: ResourcePattern): string {
  if (type === 'cluster') return 'cluster'
  return `${type} ${name}${pattern === 'prefixed' ? '*' : ''}`
}

/** @throws UsageError */
export function parseOperations(text: string): Operation[] {
  const named = namesOf(text).map((name) => operations.find((known) => known === name.toLowerCase()) ?? name)
  const strange = named.find((name) => !(operations as readonly string[]).includes(name))
  if (strange !== undefined) {
    throw new UsageError(`--operations ${JSON.stringify(strange)} is none: they are ${operations.join(', ')}`)
  }
  if (named.length === 0) throw new UsageError(`--operations is empty; they are ${operations.join(', ')}`)
  return [...new Set(named)] as Operation[]
}

/** A name without a kind is the name of a user. */
export function principalOf(text: string): string {
  return text.includes(':') ? text : `User:${text}`
}

function namesOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
