import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ImportGraph } from '../architecture/import-graph.ts'
import type { Tree } from '../architecture/source-tree.ts'
import type { Run } from './jury.ts'

interface Line {
  readonly test: string
  readonly digest: string
  readonly run: Run
}

/**
 * How tests ran on sound code, kept in a file for later runs: for as long as no file has changed that the test imports.
 */
export class SoundRuns {
  readonly #path: string
  readonly #digestOf: (test: string) => string
  /** Null: it fails, which is not kept. */
  readonly #runs = new Map<string, Run | null>()

  constructor(path: string, digestOf: (test: string) => string) {
    this.#path = path
    this.#digestOf = digestOf
    mkdirSync(dirname(path), { recursive: true })
    const kept = (existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []).flatMap(parsed)
    const valid = new Map(kept.filter(({ test, digest }) => digestOf(test) === digest).map((line) => [line.test, line]))
    for (const { test, run } of valid.values()) this.#runs.set(test, run)
    writeFileSync(path, [...valid.values()].map((line) => `${JSON.stringify(line)}\n`).join(''))
  }

  get(test: string): Run | null | undefined {
    return this.#runs.get(test)
  }

  set(test: string, run: Run | null): void {
    this.#runs.set(test, run)
    if (run === null) return
    const line: Line = { test, digest: this.#digestOf(test), run }
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }

  get failing(): string[] {
    return [...this.#runs].flatMap(([test, run]) => (run === null ? test : []))
  }
}

/** The last line may be half written. */
function parsed(line: string): Line[] {
  try {
    return [JSON.parse(line) as Line]
  } catch {
    return []
  }
}

/** Changes with the text of a file and of all that it imports. */
export function digests(tree: Tree, graph: ImportGraph): (file: string) => string {
  const known = new Map<string, string>()
  return (file) => {
    const digest = known.get(file) ?? digestOf(file, tree, graph)
    known.set(file, digest)
    return digest
  }
}

function digestOf(file: string, tree: Tree, graph: ImportGraph): string {
  const reached = new Set([file])
  for (const path of reached) for (const { target } of graph.get(path) ?? []) if (target !== null) reached.add(target)
  const hash = createHash('sha256')
  for (const path of [...reached].sort()) hash.update(`${path}\0${tree.get(path) ?? ''}\0`)
  return hash.digest('hex')
}
