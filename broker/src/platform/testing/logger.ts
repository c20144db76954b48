import type { Logger } from '../logger.ts'

/** Keeps nothing. */
export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} }
