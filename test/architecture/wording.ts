import type { Node, ParsedSource } from './parsed-source.ts'
import type { Tree } from './source-tree.ts'
import { isTest } from './source-tree.ts'

/**
 * Names that say nothing of a duty; a file under such a name, or one that ends in it, collects code that has no place.
 */
const emptyNames = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'stuff'])

export function emptyNamesOf(paths: Iterable<string>): string[] {
  const lastWord = (part: string) => part.split('.')[0]!.toLowerCase().split(/[-_]/).at(-1)!
  const named = (path: string) => path.split('/').some((part) => emptyNames.has(lastWord(part)))
  return [...paths].filter(named).map((path) => `${path}: name it after its duty`)
}

/** Work left for later, and checks that are switched off without a word. */
export function looseEnds(sources: readonly ParsedSource[]): string[] {
  return sources.flatMap((source) => [...marksIn(source), ...switchedOff(source)])
}

const marks = /\b(TODO|FIXME|XXX|HACK)\b/
const silenced = /^\s*@ts-(ignore|nocheck)\b|^\s*@ts-expect-error\s*$/

function marksIn({ path, comments }: ParsedSource): string[] {
  return comments.flatMap(({ text, line }) => {
    if (marks.test(text)) return [`${path}:${line}: ${marks.exec(text)![1]}: do it, or write it down as an issue`]
    return silenced.test(text)
      ? [`${path}:${line}: say why the type checker is wrong (@ts-expect-error and a reason)`]
      : []
  })
}

const testFunctions = new Set(['it', 'test', 'describe', 'suite', 'bench'])

/** A test that is skipped prints why (test/runner/skipped.ts), none is left out otherwise, and none is tried twice. */
function switchedOff({ path, visit, lineOf }: ParsedSource): string[] {
  if (!isTest(path)) return []
  const found: string[] = []
  const told = new Set<string>()
  visit((node) => {
    if (node.type === 'VariableDeclarator' && isTold(node.init)) told.add((node.id as Named).name ?? '')
  })
  visit((node, parent) => {
    const line = lineOf(node.start)
    if (isRetry(node, parent)) found.push(`${path}:${line}: a test that is tried again hides a fault`)
    if (node.type !== 'MemberExpression' || !testFunctions.has(rootName(node.object))) return
    const member = (node.property as Named).name ?? ''
    if (member === 'only') found.push(`${path}:${line}: .only leaves all other tests out`)
    if (/^(skip|todo|fails|runIf)$/.test(member)) found.push(`${path}:${line}: .${member}: use skipIf(skipped(…))`)
    if (member !== 'skipIf') return
    const [condition] = (parent?.arguments ?? []) as (Node & Named)[]
    if (!isTold(condition) && !told.has(condition?.name ?? ''))
      found.push(`${path}:${line}: .skipIf needs skipped(…), which prints what is left out and why`)
  })
  return found
}

interface Named {
  readonly name?: string
}

/** A call of `skipped`. */
function isTold(node: unknown): boolean {
  const { type, callee } = (node ?? {}) as { type?: string; callee?: Named }
  return type === 'CallExpression' && callee?.name === 'skipped'
}

/** `{ retry: 2 }` among the arguments of a test. */
function isRetry(node: Node, parent: Node | null): boolean {
  if (node.type !== 'ObjectExpression' || parent?.type !== 'CallExpression') return false
  const properties = (node.properties ?? []) as { key?: Named }[]
  return testFunctions.has(rootName(parent.callee)) && properties.some(({ key }) => key?.name === 'retry')
}

/** `it` of `it`, `it.each`, `it.each(rows)` and `it.concurrent.each`. */
function rootName(node: unknown): string {
  const { name, object, callee } = node as { name?: string; object?: unknown; callee?: unknown }
  const inner = object ?? callee
  return name ?? (inner === undefined ? '' : rootName(inner))
}

/** Hosts of package registries, spelled so that this file does not name them. */
const registryHosts = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['registry', 'npmmirror', 'com'],
  ['npm', 'pkg', 'github', 'com'],
].map((parts) => parts.join('.'))
const homePath = /(^|[\s"'`(=:])\/(home|Users|root)\/[A-Za-z]/

/** Hosts of registries and paths of one machine: a clone must work wherever it is. */
export function foreignPlaces(tree: Tree, repositoryRoot: string): string[] {
  const own = repositoryRoot.replace(/\/+$/, '')
  const found: string[] = []
  for (const [path, text] of tree) {
    text.split('\n').forEach((content, index) => {
      const host = registryHosts.find((name) => content.includes(name))
      if (host !== undefined) found.push(`${path}:${index + 1}: names the host of a package registry`)
      if (homePath.test(content) || (own.length > 1 && content.includes(`${own}/`)))
        found.push(`${path}:${index + 1}: names a path of one machine`)
    })
  }
  return found
}

const gap = '[\\s*]+'
const phrase = (words: string) => new RegExp(`\\b${words.replaceAll(' ', gap)}\\b`, 'gi')

/** Figures of speech, and pronouns that stand for a noun; beside each what to write in its place. */
const stumbling: readonly (readonly [RegExp, string])[] = [
  [phrase('for good'), 'permanently'],
  [phrase('for ever'), 'permanently'],
  [phrase('dearest'), 'most expensive'],
  [phrase('lets? go of'), 'deletes, releases or cuts'],
  [phrase('level with'), 'has caught up with'],
  [phrase('on (?:its|their) way'), 'in flight, pending or in transfer'],
  [phrase('hand(?:s|ed) on'), 'transfers, forwards or passes'],
  [phrase('whom?ever'), 'a noun: any broker, the client that'],
  [
    /(?<=^[\s*>|-]*|[.!?:|][\s*]+)Who\b(?:[^.!?]|\.\w)*(?:[.!]|$)/g,
    'a noun: a sentence begins with Who only as a question',
  ],
]

/**
 * Words at which readers stumble, in comments, in texts of published code, and in pages. The changelog may quote former
 * texts.
 */
export function stumblingWords(tree: Tree, sources: readonly ParsedSource[]): string[] {
  const found = sources.flatMap((source) =>
    textsOf(source).flatMap(({ text, line }) => wordsIn(source.path, text, line)),
  )
  for (const [path, text] of tree) {
    if (!path.endsWith('.md') || path === 'CHANGELOG.md') continue
    let line = 1
    for (const paragraph of text.split('\n\n')) {
      found.push(...wordsIn(path, paragraph, line))
      line += paragraph.split('\n').length + 1
    }
  }
  return found
}

function textsOf({ path, comments, visit, lineOf }: ParsedSource): { text: string; line: number }[] {
  const texts = [...comments]
  if (isTest(path)) return texts
  visit((node) => {
    const text = textOf(node)
    if (text !== null) texts.push({ text, line: lineOf(node.start) })
  })
  return texts
}

function textOf({ type, value }: Node): string | null {
  const text = type === 'TemplateElement' ? (value as { raw: string }).raw : type === 'Literal' ? value : null
  return typeof text === 'string' ? text : null
}

function wordsIn(path: string, text: string, firstLine: number): string[] {
  return stumbling.flatMap(([words, plain]) =>
    [...text.matchAll(words)].map(({ index, 0: match }) => {
      const line = firstLine + text.slice(0, index).split('\n').length - 1
      return `${path}:${line}: "${match.slice(0, 40)}": write ${plain}`
    }),
  )
}
