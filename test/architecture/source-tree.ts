import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Files by path from the repository's root, with '/'. The checks see only these files, so that tests can give them
 * trees with a mistake.
 */
export type Tree = ReadonlyMap<string, string>

/** What is made, and what is not ours. */
const skippedFolders = new Set(['node_modules', 'dist', 'static', '.git', 'data', '.tmp', 'bench-results', 'coverage'])
const textEndings =
  /\.(ts|tsx|js|mjs|json|md|yaml|yml|avsc|html|css|sh|conf|service|txt)$|^(LICENSE|\.ci\/run|\.[a-z]+)$/

/** Every text file of the repository. */
export function readTree(): Tree {
  const tree = new Map<string, string>()
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name)) visit(path)
      } else if (entry.isFile() && textEndings.test(path)) {
        tree.set(path, readFileSync(join(root, path), 'utf8'))
      }
    }
  }
  visit('')
  return tree
}

export function exists(path: string): boolean {
  return existsSync(join(root, path))
}

/** Code that is published or runs in development, tests included. */
export function isCode(path: string): boolean {
  return /\.(ts|tsx|js|mjs)$/.test(path) && !path.endsWith('.d.ts')
}

/** Tests and code that only they use: *.test.ts, folders named testing, and everything under test/. */
export function isTest(path: string): boolean {
  return path.startsWith('test/') || /\.test\.ts$|\/testing\//.test(path)
}

/** Written by a script of this repository, and compared with what the script writes by a test. */
export function isGenerated(path: string): boolean {
  return /\/generated(-\w+)?(\.ts|\/[\w-]+\.ts)$/.test(path)
}

export function lineCount(text: string): number {
  return text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}
