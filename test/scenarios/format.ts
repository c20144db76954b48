/**
 * How a scenario file is read and written back. A line that begins with `> ` is a command, the lines indented by two
 * spaces below it are its recorded outcome; all others (prose behind `#`, blank lines) are for people and kept as they
 * are.
 */
export interface Line {
  readonly kind: 'prose' | 'command'
  /** Prose: the line itself. Command: what follows `> `. */
  readonly text: string
  /** Command: the outcome that the file records, without its indent. */
  readonly outcome: readonly string[]
  /** Line number in the file, from 1. */
  readonly number: number
}

const INDENT = '  '

/** Throws an Error that names the line if an outcome stands below no command. */
export function parseScenario(text: string): Line[] {
  const lines: { kind: Line['kind']; text: string; outcome: string[]; number: number }[] = []
  const rows = text.split('\n')
  if (rows.at(-1) === '') rows.pop()
  rows.forEach((row, i) => {
    if (row.startsWith('> ')) lines.push({ kind: 'command', text: row.slice(2).trim(), outcome: [], number: i + 1 })
    else if (!row.startsWith(INDENT)) lines.push({ kind: 'prose', text: row, outcome: [], number: i + 1 })
    else if (lines.at(-1)?.kind === 'command') lines.at(-1)!.outcome.push(row.slice(INDENT.length))
    else throw new Error(`line ${i + 1}: an outcome must stand right below a command`)
  })
  return lines
}

/** The file with these outcomes; `outcomes[i]` belongs to `lines[i]` and is empty for prose. */
export function formatScenario(lines: readonly Line[], outcomes: readonly (readonly string[])[]): string {
  const rows = lines.flatMap(({ kind, text }, i) =>
    kind === 'prose' ? [text] : [`> ${text}`, ...outcomes[i]!.map((line) => INDENT + line)],
  )
  return rows.join('\n') + '\n'
}
