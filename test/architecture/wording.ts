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

/** Work left for later, and checks switched off without a reason. */
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

function switchedOff({ path, comments, visit, lineOf }: ParsedSource): string[] {
  if (!isTest(path)) return []
  const found: string[] = []
  visit((node) => {
    if (node.type !== 'MemberExpression' || !testFunctions.has(rootName(node.object))) return
    const member = (node.property as { name?: string }).name ?? ''
    const line = lineOf(node.start)
    if (member === 'only') found.push(`${path}:${line}: .only leaves all other tests out`)
    const explained = comments.some((comment) => comment.line === line || comment.line === line - 1)
    if (/^(skip|todo|fails|skipIf|runIf)$/.test(member) && !explained)
      found.push(`${path}:${line}: .${member} needs a comment above that says why`)
  })
  return found
}

/** `it` of `it`, `it.each` and `it.concurrent.each`. */
function rootName(node: unknown): string {
  const { name, object } = node as { name?: string; object?: unknown }
  return name ?? (object === undefined ? '' : rootName(object))
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
