import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../architecture/source-tree.ts'
import type { Mutant } from './operators.ts'

/**
 * A bug written by hand, where no operator makes it: `# text`, then the file, then the text before and after it, each
 * behind a line of dashes. The text before must stand in the file exactly once, so that a bug that has lost its place
 * is noticed.
 */
export interface PlantedBug extends Mutant {
  readonly title: string
}

const folder = join(root, 'test', 'mutants', 'planted')

export function plantedBugs(read: (path: string) => string): PlantedBug[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => parsePlanted(readFileSync(join(folder, name), 'utf8'), read, name))
}

/** @throws Error when the text is not as above or has lost its place */
export function parsePlanted(text: string, read: (path: string) => string, name: string): PlantedBug {
  const [head = '', before = '', after = ''] = text.split(/^-{3,}\n/m)
  const [titleLine = '', file = ''] = head.split('\n')
  const source = read(file)
  const start = source.indexOf(before)
  if (before === '' || start < 0 || source.indexOf(before, start + 1) >= 0) {
    throw new Error(`${name}: its text does not stand exactly once in ${file}`)
  }
  const line = source.slice(0, start).split('\n').length
  const title = titleLine.replace(/^# /, '')
  return { title, file, line, operator: 'planted', start, end: start + before.length, before, after }
}
