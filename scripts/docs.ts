import { writeFileSync } from 'node:fs'
import { configurationPage } from '../broker/src/config/documentation.ts'

/** Writes the pages that follow from tables in the code; tests fail while they are stale. */
writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
