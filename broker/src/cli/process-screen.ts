import type { LiveScreen } from './terminal.ts'

const OPEN = '\x1b[?1049h\x1b[?25l'
const CLOSE = '\x1b[?25h\x1b[?1049l'

/** The other screen of this process's terminal, with keys one by one. Closed with the process at the latest. */
export function openProcessScreen(): LiveScreen {
  const { stdin, stdout } = process
  const restore = (): void => void stdout.write(CLOSE)
  let open = true
  process.once('exit', restore)
  stdout.write(OPEN)
  if (stdin.isTTY) stdin.setRawMode(true)
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    draw: (lines) => {
      if (open) stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`)
    },
    onTyped: (take) => {
      // What is sent where no person types is no key.
      if (!stdin.isTTY) return () => {}
      const taken = (bytes: Buffer): void => take(bytes.toString('latin1'))
      stdin.on('data', taken)
      stdin.resume()
      return () => {
        stdin.off('data', taken)
        stdin.pause()
      }
    },
    onResize: (call) => {
      stdout.on('resize', call)
      return () => void stdout.off('resize', call)
    },
    close: () => {
      if (!open) return
      open = false
      process.off('exit', restore)
      if (stdin.isTTY) stdin.setRawMode(false)
      restore()
    },
  }
}
