import { writeFileSync } from 'node:fs'
import { configurationPage } from '../broker/src/config/documentation.ts'
import { metricsPage } from '../broker/src/start/metrics-page.ts'
import { errorDocs, errorDocsFile } from '../schemas/scripts/write-error-docs.ts'
import { toolArguments } from '../test/tool-arguments.ts'
import { formatsPage } from './formats-page.ts'
import { topicSettingsPage } from './topic-settings-page.ts'

toolArguments(
  `npm run docs
Writes docs/configuration.md, docs/errors.md, docs/formats.md, docs/metrics.md and docs/topic-settings.md out of the tables in the code; tests fail while they are stale.`,
  {},
)
writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage())
writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage())
writeFileSync(new URL('../docs/formats.md', import.meta.url), formatsPage())
writeFileSync(new URL('../docs/topic-settings.md', import.meta.url), topicSettingsPage())
writeFileSync(errorDocsFile, errorDocs())
