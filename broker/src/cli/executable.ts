import { fileURLToPath } from 'node:url'

/** The file that the command `tailrace` runs. In a published package all of this folder is in one place. */
export const executable = fileURLToPath(new URL('../../bin/tailrace.js', import.meta.url))
