import { posix } from 'node:path'
import type { Tree } from './source-tree.ts'
import { isTest } from './source-tree.ts'

/**
 * Links in Markdown pages to files or headings that are not there, commands of pages that run what is not there, pages
 * of docs/ that code mentions but that do not exist, and comments that cite a page or a section of a document that is
 * not in the repository.
 */
export function deadReferences(tree: Tree, exists: (path: string) => boolean): string[] {
  const found: string[] = []
  for (const [path, text] of tree) {
    if (path.endsWith('.md')) {
      found.push(...deadLinks(path, text, tree, exists), ...deadNames(path, text, tree))
      found.push(...deadCommands(path, text, tree, exists))
    } else if (/\.(ts|tsx|js)$/.test(path)) {
      if (!isTest(path)) found.push(...deadMentions(path, text, exists))
      found.push(...deadCitations(path, text, exists))
    }
  }
  return found
}

/** Guides with code that no test names, and so none runs. */
export function untriedGuides(tree: Tree): string[] {
  const tests = [...tree].filter(([path]) => isTest(path) && !path.startsWith('test/architecture/'))
  return [...tree]
    .filter(([path, text]) => path.startsWith('docs/guides/') && /^```/m.test(text))
    .map(([path]) => path)
    .filter((path) => !tests.some(([, text]) => text.includes(posix.basename(path))))
    .map((path) => `${path}: no test runs its code`)
}

function deadLinks(path: string, text: string, tree: Tree, exists: (path: string) => boolean): string[] {
  const found: string[] = []
  for (const [, link] of withoutCode(text).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)) {
    if (link === undefined || /^[a-z]+:/i.test(link)) continue
    const [file, anchor] = link.split('#') as [string, string?]
    const target = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), file))
    if (!exists(target.replace(/\/$/, ''))) found.push(`${path}: link to ${link}: there is no ${target}`)
    else if (anchor !== undefined && tree.has(target) && !headings(tree.get(target)!).has(anchor))
      found.push(`${path}: link to ${link}: there is no such heading`)
  }
  return found
}

/** Source files that a page names, by the end of their path or the whole of it. The changelog names what was there. */
function deadNames(path: string, text: string, tree: Tree): string[] {
  if (path === 'CHANGELOG.md') return []
  const names = new Set([...withoutFences(text).matchAll(/`([\w./-]+\.ts)`/g)].map(([, name]) => name!))
  const isThere = (name: string): boolean => [...tree.keys()].some((file) => `/${file}`.endsWith(`/${name}`))
  return [...names].filter((name) => !isThere(name)).map((name) => `${path}: names ${name}, which does not exist`)
}

/** Scripts and files that a page says how to run. The options are tried by test/tool-arguments.test.ts. */
function deadCommands(path: string, text: string, tree: Tree, exists: (path: string) => boolean): string[] {
  const { scripts = {} } = JSON.parse(tree.get('package.json') ?? '{}') as { scripts?: Record<string, string> }
  const names = new Set([...text.matchAll(/\bnpm run ([a-z][a-z:-]*)/g)].map(([, name]) => name!))
  const files = new Set(
    [...text.matchAll(/\b(?:npm test --|vitest run|node) ([\w-]+\/[\w./-]+)/g)].map(([, file]) => file!),
  )
  return [
    ...[...names].filter((name) => !(name in scripts)).map((name) => `${path}: runs ${name}, which is no script`),
    ...[...files].filter((file) => !exists(file)).map((file) => `${path}: runs ${file}, which does not exist`),
  ]
}

function deadMentions(path: string, text: string, exists: (path: string) => boolean): string[] {
  const pages = new Set([...text.matchAll(/\bdocs\/[A-Za-z0-9/_-]+\.md\b/g)].map(([page]) => page))
  return [...pages].filter((page) => !exists(page)).map((page) => `${path}: speaks of ${page}, which does not exist`)
}

/** A section, but for those of standards, which stay where they are. */
const ownSection = /(?<!\b(RFC|KIP|FIPS|dissertation)[ -]?[\w.-]*,? )§/

function deadCitations(path: string, text: string, exists: (path: string) => boolean): string[] {
  const found: string[] = []
  for (const comment of comments(text)) {
    if (ownSection.test(comment)) found.push(`${path}: cites a section: ${comment.trim()}`)
    for (const [page] of comment.matchAll(/(?<![\w/.*-])[\w./-]*\w\.md\b/g)) {
      const isThere = ['', 'docs/', `${posix.dirname(path)}/`].some((folder) => exists(posix.normalize(folder + page)))
      if (!isThere && !page.startsWith('docs/')) found.push(`${path}: cites ${page}, which does not exist`)
    }
  }
  return found
}

/** The lines of a source that are comments as a whole. */
function comments(text: string): string[] {
  return text.split('\n').filter((line) => /^\s*(\/\/|\/?\*)/.test(line))
}

/** Anchors as GitHub makes them of headings. */
function headings(text: string): Set<string> {
  const lines = withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)
  return new Set(
    [...lines].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  )
}

function withoutFences(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
}

function withoutCode(text: string): string {
  return withoutFences(text).replace(/`[^`\n]*`/g, '')
}
