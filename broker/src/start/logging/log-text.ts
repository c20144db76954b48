import { printable } from '../../platform/printable.ts'

const levelNames: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
}

/** A JSON line of the log as a line for people; the stack of an error follows on lines of its own. */
export function logText(line: string): string {
  const { level, time, msg = '', err, ...fields } = JSON.parse(line) as Record<string, unknown>
  const head = [String(time), (levelNames[level as number] ?? String(level)).padEnd(5), printable(String(msg))].join(
    ' ',
  )
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`)
  return `${[head, ...parts].join('  ')}\n${errorText(err)}`
}

function fieldText(value: unknown): string {
  const isPlain = typeof value === 'string' && /^[^\s"=]+$/.test(value)
  return printable(isPlain ? value : JSON.stringify(value))
}

function errorText(err: unknown): string {
  if (err === undefined) return ''
  const { stack } = (err ?? {}) as { stack?: unknown }
  const text = typeof stack === 'string' ? stack : JSON.stringify(err)
  return text
    .split('\n')
    .map((line) => `    ${printable(line.trim())}\n`)
    .join('')
}
