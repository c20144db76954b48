import { writeFileSync } from 'node:fs'
import { configurationPage } from '../broker/src/config/documentation.ts'
import { errorDocs, errorDocsFile } from '../schemas/scripts/write-error-docs.ts'

/** Writes the pages that follow from tables in the code; tests fail while they are stale. */
writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
writeFileSync(errorDocsFile, errorDocs())
