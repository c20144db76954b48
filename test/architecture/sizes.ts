import type { ParsedSource } from './parsed-source.ts'
import type { Tree } from './source-tree.ts'
import { isCode, isGenerated, isTest, lineCount } from './source-tree.ts'

export const limits = {
  fileLines: 400,
  testFileLines: 600,
  functionLines: 69,
  medianLines: 150,
  folderFiles: 30,
  commentColumns: 120,
} as const

/** Exceptions with their size at the time. They may only shrink: a size below its entry asks for a lower entry. */
export interface Ratchet {
  /** Lines by path. */
  readonly files: Readonly<Record<string, number>>
  /** Lines by `path:function`. */
  readonly functions: Readonly<Record<string, number>>
}

export function filesTooLong(tree: Tree, ratchet: Ratchet): string[] {
  const sizes = [...tree]
    .filter(([path]) => isCode(path))
    .map(([path, text]) => ({ name: path, lines: lineCount(text) }))
  return judge(sizes, ratchet.files, (path) => (isTest(path) ? limits.testFileLines : limits.fileLines))
}

/** Tests are exempt: a describe is a function around many. */
export function functionsTooLong(sources: readonly ParsedSource[], ratchet: Ratchet): string[] {
  const sizes = sources
    .filter(({ path }) => !isTest(path) && !isGenerated(path))
    .flatMap(({ path, functions }) =>
      functions.map(({ name, lines, line }) => ({ name: `${path}:${name}`, lines, line })),
    )
  return judge(sizes, ratchet.functions, () => limits.functionLines)
}

export function medianTooLong(tree: Tree): string[] {
  const sizes = [...tree]
    .filter(([path]) => isCode(path) && !isTest(path))
    .map(([, text]) => lineCount(text))
    .sort((a, b) => a - b)
  const median = sizes[Math.floor(sizes.length / 2)] ?? 0
  return median > limits.medianLines
    ? [`the median source file has ${median} lines; at most ${limits.medianLines}: split files by duty`]
    : []
}

/** A folder is one duty: about 20 source files, and more only where each is one of a kind, such as a command. */
export function foldersTooFull(tree: Tree): string[] {
  const counts = new Map<string, number>()
  for (const path of tree.keys()) {
    if (!isCode(path) || isTest(path) || path.includes('/testing/')) continue
    const folder = path.slice(0, path.lastIndexOf('/'))
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  return [...counts]
    .filter(([, files]) => files > limits.folderFiles)
    .map(([folder, files]) => `${folder}: ${files} source files, at most ${limits.folderFiles}: split it by duty`)
}

/** Biome wraps code and leaves comments as they are. A comment for a tool (biome-ignore, @ts-expect-error) cannot be wrapped. */
export function commentsTooWide(tree: Tree): string[] {
  const found: string[] = []
  for (const [path, text] of tree) {
    if (!isCode(path) || isGenerated(path)) continue
    text.split('\n').forEach((line, index) => {
      if (line.length <= limits.commentColumns || !/^\s*(\/\/|\/?\*)/.test(line) || /biome-ignore|@ts-/.test(line))
        return
      found.push(`${path}:${index + 1}: ${line.length} columns, at most ${limits.commentColumns}`)
    })
  }
  return found
}

function judge(
  sizes: readonly { name: string; lines: number; line?: number }[],
  ratchet: Readonly<Record<string, number>>,
  limitOf: (name: string) => number,
): string[] {
  const found: string[] = []
  const longest = new Map<string, number>()
  for (const { name, lines, line } of sizes) {
    longest.set(name, Math.max(lines, longest.get(name) ?? 0))
    const most = Math.max(limitOf(name), ratchet[name] ?? 0)
    if (lines > most)
      found.push(
        `${name}${line === undefined ? '' : ` (line ${line})`}: ${lines} lines, at most ${most}: split it by duty`,
      )
  }
  for (const [name, entry] of Object.entries(ratchet)) {
    const lines = longest.get(name)
    if (lines === undefined || lines <= limitOf(name))
      found.push(`${name}: needs no exception any more; remove it from test/architecture/ratchet.json`)
    else if (lines < entry)
      found.push(`${name}: has shrunk to ${lines} lines; lower its entry of ${entry} in test/architecture/ratchet.json`)
  }
  return found
}
