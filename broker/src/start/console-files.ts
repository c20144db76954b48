import { fileURLToPath } from 'node:url'
import type { StaticFiles } from '../api/static-files.ts'
import { readStaticFiles } from '../platform/node/static-files.ts'

/** The console as `npm install` has built it (console/), or as it came in this package. */
export function readConsole(): Promise<StaticFiles> {
  const folder = fileURLToPath(new URL('../../static/console', import.meta.url))
  return readStaticFiles(folder, (path) => path.startsWith('assets/'))
}
