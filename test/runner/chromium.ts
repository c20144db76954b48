import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge']
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** A Chromium of this machine, or the one named by CHROMIUM_PATH; null if there is none. */
export function findChromium(environment: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const given = environment.CHROMIUM_PATH
  if (given) return given
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = [
    ...folders.flatMap((folder) =>
      names.map((name) => join(folder, process.platform === 'win32' ? `${name}.exe` : name)),
    ),
    ...places,
  ]
  return candidates.find(isExecutable) ?? null
}

/**
 * For browser tests: the browser to start, or null where they may be skipped. With CI=true they may not: throws when
 * there is none. `describe.skipIf(skipped(browser === null, …))`
 */
export function chromiumForTests(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | null {
  const found = findChromium(environment)
  if (found === null && environment.CI === 'true')
    throw new Error('CI=true, but no Chromium was found: install one, or name it with CHROMIUM_PATH.')
  return found
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
