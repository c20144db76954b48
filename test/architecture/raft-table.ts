import type { Tree } from './source-tree.ts'

/** Mechanisms M1 to M99 of the documents on which Tailrace is based. */
const MECHANISMS = 99
/**
 * At least one defect of each is a negative control; where a mechanism has none, the cell begins with this and gives
 * the reason.
 */
const NO_CONTROL = '—'

interface Row {
  readonly number: number
  readonly where: string
  readonly shown: string
  readonly control: string
}

/**
 * Faults of docs/raft.md: a mechanism without a row, a place that does not exist, a test that cannot be found, a
 * control that no test can switch on. Rows are `| M13 … | where | tests | control |`. A test is cited as `file › part
 * of its title`, or as a scenario file; a control as `defect` together with the test that shows it biting.
 */
export function raftTableFaults(page: string, tree: Tree, defects: ReadonlySet<string>): string[] {
  const rows = rowsOf(page)
  const faults: string[] = []
  for (let number = 1; number <= MECHANISMS; number++) {
    const count = rows.filter((row) => row.number === number).length
    if (count !== 1) faults.push(`M${number} has ${count} rows`)
  }
  for (const row of rows) faults.push(...faultsOf(row, tree, defects).map((fault) => `M${row.number}: ${fault}`))
  return faults
}

/** Names of the fields of every `interface …Defects` in the sources. */
export function defectsOf(tree: Tree): Set<string> {
  const names = new Set<string>()
  for (const [path, text] of tree) {
    if (!path.endsWith('.ts')) continue
    for (const [, body] of text.matchAll(/interface \w*Defects(?: extends \w+)? \{([\s\S]*?)\n\}/g)) {
      for (const [, name] of body!.matchAll(/^ {2}readonly (\w+)\??:/gm)) names.add(name!)
    }
  }
  return names
}

function rowsOf(page: string): Row[] {
  const rows: Row[] = []
  for (const line of page.split('\n')) {
    const [, first, where, shown, control] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    const number = /^M(\d+)\b/.exec(first ?? '')?.[1]
    if (number === undefined) continue
    rows.push({ number: Number(number), where: where ?? '', shown: shown ?? '', control: control ?? '' })
  }
  return rows
}

function faultsOf({ number, where, shown, control }: Row, tree: Tree, defects: ReadonlySet<string>): string[] {
  const faults: string[] = []
  const places = quoted(where)
  if (places.length === 0) faults.push('names no place in the code')
  for (const place of places) {
    if (![...tree.keys()].some((path) => path === place || path.startsWith(`${place}/`)))
      faults.push(`lives in ${place}, which does not exist`)
  }
  const tests = quoted(shown)
  if (tests.length === 0) faults.push('no test shows it')
  for (const test of tests) faults.push(...testFaults(test, number, tree))
  if (control.startsWith(NO_CONTROL)) {
    if (control.length < 20) faults.push('has no control and no reason for that')
    return faults
  }
  const named = quoted(control)
  const names = named.filter((name) => defects.has(name))
  const proofs = named.filter((name) => name.includes('/'))
  if (names.length === 0) faults.push('names no defect that can be switched on')
  if (proofs.length === 0) faults.push('names no test in which its control bites')
  for (const proof of proofs) {
    faults.push(...testFaults(proof, number, tree))
    const text = tree.get(proof.split(' › ')[0]!) ?? ''
    if (names.length > 0 && !names.some((name) => text.includes(name)))
      faults.push(`${proof} switches on none of its defects`)
  }
  const texts = proofs.map((proof) => withoutComments(tree.get(proof.split(' › ')[0]!) ?? ''))
  for (const name of names) {
    if (!texts.some((text) => text.includes(name))) faults.push(`none of its tests switches on ${name}`)
  }
  for (const name of named) if (!defects.has(name) && !name.includes('/')) faults.push(`there is no defect ${name}`)
  return faults
}

/** A defect that only a comment mentions is switched on nowhere. */
function withoutComments(text: string): string {
  return text.replace(/^\s*(\/\/|#).*$/gm, '')
}

function testFaults(test: string, number: number, tree: Tree): string[] {
  const [path, title] = test.split(' › ') as [string, string?]
  const text = tree.get(path)
  if (text === undefined) return [`${path} does not exist`]
  if (path.startsWith('test/scenarios/') && !path.endsWith('.ts')) {
    const head = text.split('\n').filter((line) => line.startsWith('#'))
    return head.some((line) => new RegExp(`\\bM${number}\\b`).test(line)) ? [] : [`${path} does not name M${number}`]
  }
  if (title === undefined) return [`${test} names no test of the file`]
  return isTitle(text, title) ? [] : [`${path} has no test "${title}"`]
}

/** Whether a test's or a group's title in `text` contains `title`. */
function isTitle(text: string, title: string): boolean {
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`\\b(?:test|it|describe)(?:\\.\\w+)?(?:\\([^\\n]*\\))?\\(\\s*(['"\`])[^\\n]*${escaped}`).test(text)
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text!)
}
