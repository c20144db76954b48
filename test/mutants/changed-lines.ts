import { execFileSync } from 'node:child_process'
import { root } from '../architecture/source-tree.ts'

/** The lines of each file that differ from `base`, uncommitted ones included. */
export function changedLines(base: string): Map<string, Set<number>> {
  return parseDiff(execFileSync('git', ['diff', '-U0', '--no-color', base], { cwd: root, encoding: 'utf8' }))
}

export function parseDiff(diff: string): Map<string, Set<number>> {
  const lines = new Map<string, Set<number>>()
  let current: Set<number> | null = null
  for (const line of diff.split('\n')) {
    if (line.startsWith('+++ ')) {
      const path = line.startsWith('+++ b/') ? line.slice('+++ b/'.length) : null
      current = path === null ? null : new Set()
      if (path !== null && current !== null) lines.set(path, current)
    }
    const hunk = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line)
    if (hunk === null || current === null) continue
    const first = Number(hunk[1])
    for (let at = first; at < first + Number(hunk[2] ?? 1); at++) current.add(at)
  }
  return lines
}
