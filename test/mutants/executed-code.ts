import { pathToFileURL } from 'node:url'

/** Start, end and how often it ran, for each function and block; those that hold others come before them. */
type Range = readonly [start: number, end: number, count: number]

/** By file, from the repository's root. */
export type ExecutedCode = Readonly<Record<string, readonly Range[]>>

interface Script {
  readonly url: string
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
  }[]
}

/** The code that ran in the wanted files of a repository. */
export function rangesOf(scripts: readonly Script[], root: string, isWanted: (path: string) => boolean): ExecutedCode {
  const base = `${pathToFileURL(root).href}/`
  const code: Record<string, Range[]> = {}
  for (const { url, functions } of scripts) {
    const path = decodeURI(url.slice(base.length))
    if (!url.startsWith(base) || !isWanted(path)) continue
    const ranges = functions.flatMap(({ ranges }) =>
      ranges.map(({ startOffset, endOffset, count }): Range => [startOffset, endOffset, count]),
    )
    // Functions come without an order; a block and its function may be the same text, and the block comes later.
    code[path] = ranges.sort((a, b) => a[0] - b[0] || b[1] - a[1])
  }
  return code
}

/** Whether the place was reached: the smallest function or block around it decides. */
export function ran(code: ExecutedCode, file: string, position: number): boolean {
  const around = code[file]?.findLast(([start, end]) => start <= position && position < end)
  return around !== undefined && around[2] > 0
}
