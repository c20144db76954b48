import { readFileSync } from 'node:fs'
import { backoffMs } from '@tailrace/schemas'

const pauses = { firstMs: 20, maxMs: 1_000 }

/**
 * Does the work again for as long as it fails because the process, or the machine, has no file descriptor left:
 * connections end, and other files are closed. As with a full disk, waiting loses nothing, while an error of the log
 * would end the broker.
 */
export async function whenDescriptorsAllow<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let failures = 0; ; failures++) {
    try {
      return await work()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EMFILE' && code !== 'ENFILE') throw error
      await new Promise((resolve) => setTimeout(resolve, backoffMs(pauses, failures)))
    }
  }
}

/**
 * How many files and connections this process may have open at once; null where the system sets no limit or does not
 * tell it.
 */
export function openFileLimit(): number | null {
  const told = process.platform === 'linux' ? limitInProc() : limitInReport()
  return told !== undefined && Number.isSafeInteger(told) ? told : null
}

function limitInProc(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return limitInReport()
  }
}

/** The limit in Node's diagnostic reports, on all systems but Windows. */
function limitInReport(): number | undefined {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  const soft = report.userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}
